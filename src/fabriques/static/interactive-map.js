// The map to move and zoom in: Leaflet over our own outlines and points; no other network.
import * as L from "./leaflet/leaflet-src.esm.js";

const box = document.getElementById("carte-interactive");
const state = document.getElementById("carte-etat");
const jumps = document.getElementById("carte-lieux");

// South-west and north-east corners, in degrees.
const PLACES = {
  Hexagone: [[41.3, -5.2], [51.1, 9.6]],
  Guadeloupe: [[15.8, -61.9], [16.6, -60.9]],
  Martinique: [[14.3, -61.3], [14.9, -60.7]],
  Guyane: [[2.1, -54.7], [5.9, -51.5]],
  "La Réunion": [[-21.5, 55.1], [-20.8, 55.9]],
  Mayotte: [[-13.1, 45.0], [-12.6, 45.4]],
};

const { points, outlines, tiles, attribution } = box.dataset;

const read = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
};

// What stands at one place: the same territory several times, or neighbours at one centre.
const popup = (features) => {
  const body = document.createElement("div");
  for (const { properties } of features) {
    const { territoire, departement, adresse, fabrique, annee } = properties;
    const link = document.createElement("a");
    link.href = adresse;
    link.textContent = departement ? `${territoire} (${departement})` : territoire;
    const line = document.createElement("p");
    line.textContent = [fabrique ?? "Titre non publié", annee].filter(Boolean).join(", ");
    body.append(link, line);
  }
  return body;
};

const byPlace = (features) => {
  const places = new Map();
  for (const feature of features) {
    if (!feature.geometry) continue;
    const key = feature.geometry.coordinates.join();
    places.set(key, [...(places.get(key) ?? []), feature]);
  }
  return [...places.values()];
};

try {
  state.textContent = "Chargement de la carte…";
  const [shapes, places] = await Promise.all([read(outlines), read(points)]);
  const map = L.map(box, { minZoom: 2, maxZoom: tiles ? 18 : 11, zoomControl: false });
  L.control
    .zoom({ zoomInTitle: "Grossir", zoomOutTitle: "Réduire", position: "topright" })
    .addTo(map);
  map.attributionControl.setPrefix(false);
  map.fitBounds(PLACES.Hexagone); // first: shapes have no element before the map has a view
  if (tiles) L.tileLayer(tiles, { attribution }).addTo(map);
  L.geoJSON(shapes, {
    interactive: false,
    style: { color: "#6a6af4", weight: 1, fillColor: "#e8edff", fillOpacity: tiles ? 0.1 : 1 },
  }).addTo(map);
  for (const features of byPlace(places.features)) {
    const [longitude, latitude] = features[0].geometry.coordinates;
    const { territoire, position_approchee } = features[0].properties;
    const shape = L.circleMarker([latitude, longitude], {
      radius: 8, color: "#fff", weight: 2, fillOpacity: 1,
      fillColor: position_approchee ? "#666" : "#000091",
    });
    shape.bindPopup(() => popup(features));
    shape.addTo(map);
    // Leaflet draws points as SVG paths: make each a button for the keyboard.
    const path = shape.getElement();
    path.setAttribute("tabindex", "0");
    path.setAttribute("role", "button");
    path.setAttribute("aria-label", territoire);
    path.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        shape.openPopup();
      }
    });
  }
  for (const button of jumps.querySelectorAll("button")) {
    button.addEventListener("click", () => map.fitBounds(PLACES[button.textContent]));
  }
  jumps.hidden = false;
  const count = places.features.length;
  state.textContent = `${count} participation${count > 1 ? "s" : ""} sur la carte.`;
} catch (error) {
  console.error(error);
  state.textContent = "La carte n’a pas pu être chargée. La carte simple donne les mêmes informations.";
}
