"""The ground of the map: outlines built from the installed packages, projection, drawing."""

import gzip
import json
import math
import re
from itertools import combinations, pairwise
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, coverage_is_valid
from shapely.geometry import shape

from fabriques.territories.mapping import outlines
from fabriques.territories.mapping.drawing import LegendItem, Mark, draw, swatch
from fabriques.territories.mapping.look import GLYPHS, LAND, PAPER, outline
from fabriques.territories.mapping.projection import Box, Frame, Frames, isometric_latitude
from fabriques.territories.mapping.projection import Point as Place
from fabriques.territories.mapping.spread import spread

SVG = "{http://www.w3.org/2000/svg}"

CITIES = {
    "Paris": (2.352, 48.857, "75"),
    "Lille": (3.058, 50.629, "59"),
    "Dunkerque": (2.377, 51.034, "59"),
    "Strasbourg": (7.752, 48.573, "67"),
    "Mulhouse": (7.339, 47.750, "68"),
    "Lyon": (4.835, 45.758, "69"),
    "Saint-Étienne": (4.387, 45.440, "42"),
    "Grenoble": (5.724, 45.188, "38"),
    "Marseille": (5.380, 43.300, "13"),
    "Nice": (7.255, 43.710, "06"),
    "Valréas": (4.991, 44.385, "84"),
    "Nyons": (5.140, 44.361, "26"),
    "Perpignan": (2.895, 42.698, "66"),
    "Toulouse": (1.444, 43.605, "31"),
    "Tarbes": (0.078, 43.233, "65"),
    "Bordeaux": (-0.580, 44.838, "33"),
    "Limoges": (1.262, 45.834, "87"),
    "Nantes": (-1.554, 47.218, "44"),
    "Rennes": (-1.678, 48.111, "35"),
    "Brest": (-4.490, 48.400, "29"),
    "Caen": (-0.370, 49.183, "14"),
    "Orléans": (1.909, 47.902, "45"),
    "Dijon": (5.042, 47.322, "21"),
    "Corte": (9.150, 42.306, "2B"),
    "Sartène": (8.974, 41.622, "2A"),
}
CAPITALS = {
    "971": ("Basse-Terre", -61.726, 15.998),
    "972": ("Fort-de-France", -61.068, 14.606),
    "973": ("Cayenne", -52.327, 4.934),
    "974": ("Saint-Denis", 55.448, -20.882),
    "976": ("Mamoudzou", 45.228, -12.781),
}


@pytest.fixture(scope="module")
def packages():
    folder = Path(__file__).parents[2] / "node_modules"
    if not (folder / "@svg-maps").is_dir():
        pytest.fail(f"{folder} lacks the outline packages: run npm ci")
    return folder


@pytest.fixture(scope="module")
def built(packages, tmp_path_factory):
    out = tmp_path_factory.mktemp("ground") / "carte"
    outlines.build(packages, out)
    return out


@pytest.fixture(scope="module")
def frames(built):
    return Frames.load(built / "frames.json")


@pytest.fixture(scope="module")
def departements(built):
    document = json.loads((built / "departements.geojson").read_text(encoding="utf-8"))
    return {
        item["properties"]["code"]: (item["properties"]["nom"], shape(item["geometry"]))
        for item in document["features"]
    }


# A drawing small enough for property tests, which build nothing.
TOY = Frames(
    width=1000,
    height=1060,
    frames=(
        Frame("metropole", "France", (-5.6, 41.2, 9.9, 51.4), 3731.351, Place(357.4, 3883.3)),
        Frame("974", "La Réunion", (55.2, -21.4, 55.9, -20.8), 12439.6, Place(-11429.3, -3681.5),
              Box(548, 882, 162, 176)),
    ),
    ground={"terre": "M0 0l9 9z"},
)  # fmt: skip


def drawn(marks, **changes):
    options = {
        "frames": TOY,
        "ground": "/static/carte/france.svg",
        "title": "Carte",
        "description": "Les territoires",
        "legend": (),
        "standalone": False,
    }
    return draw(marks, **{**options, **changes})


# ---------------------------------------------------------------- outlines


def test_the_same_packages_give_the_same_bytes(packages, built, tmp_path):
    outlines.build(packages, tmp_path)
    for name in ("departements.geojson", "france.svg", "frames.json"):
        assert (tmp_path / name).read_bytes() == (built / name).read_bytes()


def test_the_files_are_small(built):
    def weight(name):
        return len(gzip.compress((built / name).read_bytes()))

    assert weight("departements.geojson") < 90_000
    assert weight("france.svg") < 25_000
    assert weight("frames.json") < 25_000


def test_there_are_101_departements_that_share_their_borders(departements):
    assert len(departements) == 101
    assert departements["95"][0] == "Val-d'Oise"
    assert departements["974"][0] == "La Réunion"
    shapes = [outlined for _, outlined in departements.values()]
    assert all(outlined.is_valid for outlined in shapes)
    assert coverage_is_valid(shapes)
    # Valréas, a piece of the Vaucluse, lies inside the Drôme.
    assert sum(len(part.interiors) for part in parts(departements["26"][1])) == 1


def parts(outlined):
    return getattr(outlined, "geoms", [outlined])


@pytest.mark.parametrize("city", CITIES)
def test_a_city_falls_in_its_departement(departements, city):
    lon, lat, code = CITIES[city]
    holders = [key for key, (_, area) in departements.items() if area.contains(Point(lon, lat))]
    assert holders == [code]


def test_ajaccio_lies_on_the_shore_of_its_departement(departements):
    # The outline cuts the gulf short: a kilometre is about 0.01 degree here.
    assert departements["2A"][1].distance(Point(8.737, 41.919)) < 0.01


@pytest.mark.parametrize("code", CAPITALS)
def test_an_overseas_capital_falls_in_its_departement(departements, code):
    _, lon, lat = CAPITALS[code]
    assert departements[code][1].buffer(0.01).contains(Point(lon, lat))


def test_the_svg_offers_its_layers_without_style_or_script(built):
    root = ElementTree.parse(built / "france.svg").getroot()
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert ids == {"fond", "terre", "departements", "regions"}
    assert {element.tag for element in root.iter()} == {SVG + name for name in ("svg", "g", "path")}
    assert not any(element.get("style") for element in root.iter())


@pytest.mark.parametrize(
    ("data", "rings"),
    [
        ("M1 2 L3,4 5 6z", [[(1, 2), (3, 4), (5, 6)]]),
        ("m1,2 2,2-1 .5z m1 1 1 0", [[(1, 2), (3, 4), (2, 4.5)], [(2, 3), (3, 3)]]),
        ("M0 0H4v-3h-1V1e1z", [[(0, 0), (4, 0), (4, -3), (3, -3), (3, 10)]]),
        ("", []),
    ],
)
def test_path_data_is_read(data, rings):
    assert outlines.read_path(data) == rings


def test_curves_are_refused():
    with pytest.raises(ValueError, match="'C'"):
        outlines.read_path("M0 0 C1 1 2 2 3 3z")


def test_a_package_that_is_not_the_map_is_refused(tmp_path):
    (tmp_path / "index.js").write_text("module.exports = 1")
    with pytest.raises(ValueError, match="does not export a map"):
        outlines.read_mainland(tmp_path / "index.js")
    (tmp_path / "index.js").write_text('export default {"locations": []}')
    with pytest.raises(ValueError, match="96"):
        outlines.read_mainland(tmp_path / "index.js")


# ---------------------------------------------------------------- projection


def test_isometric_latitude_is_the_integral_that_defines_it():
    # dψ = (1 − e²) / ((1 − e²·sin²φ)·cos φ) dφ, here by the midpoint rule from the equator to 48°.
    flat, steps = 0.0818191908426215**2, 20_000
    width = math.radians(48) / steps
    middles = [(step + 0.5) * width for step in range(steps)]
    area = sum((1 - flat) / ((1 - flat * math.sin(m) ** 2) * math.cos(m)) for m in middles) * width
    assert isometric_latitude(48) == pytest.approx(area, abs=1e-8)
    assert isometric_latitude(-48) == -isometric_latitude(48)


def test_the_mainland_is_north_up_and_in_the_picture(frames):
    dunkerque, perpignan = frames.place(2.377, 51.034), frames.place(2.895, 42.698)
    brest, strasbourg = frames.place(-4.49, 48.4), frames.place(7.752, 48.573)
    assert 0 < dunkerque.y < perpignan.y < frames.frames[1].box.y
    assert 0 < brest.x < strasbourg.x < frames.width
    ajaccio = frames.place(8.737, 41.919)
    last = frames.frames[-1].box
    assert last.x + last.width < ajaccio.x < frames.width
    assert ajaccio.y < frames.height


@pytest.mark.parametrize("code", CAPITALS)
def test_an_overseas_capital_falls_in_its_inset(frames, code):
    _, lon, lat = CAPITALS[code]
    frame = frames.frame_at(lon, lat)
    x, y = frames.place(lon, lat)
    assert frame.code == code
    assert frame.box.x < x < frame.box.x + frame.box.width
    assert frame.box.y < y < frame.box.y + frame.box.height


def test_insets_are_aligned_apart_and_inside(frames):
    boxes = [frame.box for frame in frames.frames if frame.box]
    assert len(boxes) == 5
    assert len({(box.y, box.width, box.height) for box in boxes}) == 1
    assert all(a.x + a.width < b.x for a, b in pairwise(boxes))
    assert all(box.y + box.height <= frames.height for box in boxes)


def test_the_projection_of_the_build_is_that_of_the_page(frames, departements):
    # Every corner of every outline falls in the frame of its département, and in the picture.
    for code, (_, outlined) in departements.items():
        west, south, east, north = outlined.bounds
        for lon, lat in ((west, south), (east, north)):
            frame = frames.frame_at(lon, lat)
            assert frame.code == (code if code.startswith("97") else "metropole")
            x, y = frame.project(lon, lat)
            assert 0 <= x <= frames.width
            assert 0 <= y <= frames.height


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (-56.17, 46.78),  # Saint-Pierre
        (166.45, -22.27),  # Nouméa
        (-149.57, -17.53),  # Papeete
        (-63.08, 18.07),  # Marigot
        (0, 0),
        (math.nan, 48),
        (2, math.inf),
    ],
)
def test_elsewhere_has_no_place(frames, lon, lat):
    assert frames.place(lon, lat) is None


@given(st.floats(), st.floats())
def test_a_place_is_always_near_the_picture(lon, lat):
    place = TOY.place(lon, lat)
    assert place is None or (-50 <= place.x <= 1050 and -50 <= place.y <= 1060)


def test_a_broken_frames_file_is_refused(tmp_path):
    (tmp_path / "frames.json").write_text('{"frames": [{"code": "x"}]}')
    with pytest.raises(ValueError, match="not a frames file"):
        Frames.load(tmp_path / "frames.json")


# ---------------------------------------------------------------- drawing


def test_each_mark_is_a_named_link_in_order():
    marks = [Mark(2.35, 48.86, f"Territoire {n}", f"/t/{n}/", n) for n in range(30)]
    root = ElementTree.fromstring(drawn(marks))
    links = root.findall(f".//{SVG}a")
    assert [link.get("href") for link in links] == [mark.href for mark in marks]
    assert [link.findtext(f"{SVG}title") for link in links] == [mark.label for mark in marks]
    assert root.get("role") == "group"
    named = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    assert named[root.get("aria-labelledby")] == "Carte"
    assert named[root.get("aria-describedby")] == "Les territoires"


def test_a_mark_outside_is_left_out_and_one_without_address_is_a_picture():
    root = ElementTree.fromstring(
        drawn([Mark(166.45, -22.27, "Nouméa", "/n/"), Mark(2, 48, "Ici", "", approximate=True)])
    )
    assert root.findall(f".//{SVG}a") == []
    (picture,) = root.findall(f".//{SVG}g[@role='img']")
    assert picture.findtext(f"{SVG}title") == "Ici (position approchée)"


def test_a_cluster_is_larger_and_shows_its_figure():
    one, many = (drawn([Mark(2, 48, "Ici", "/i/", 1, weight)]) for weight in (1, 28))
    assert "<text aria-hidden" not in one
    assert re.search(r">28</text></a>", many)
    assert f'd="{outline(1, 10.0)}"' in one
    assert f'd="{outline(1, 10 * math.sqrt(10))}"' in many


def test_a_page_uses_the_ground_and_a_file_holds_it():
    marks = [Mark(2, 48, "Ici", "/i/")]
    page = drawn(marks, ground="/static/france.svg#fond")
    assert 'href="/static/france.svg#terre"' in page
    assert "M0 0l9 9z" not in page
    assert not page.startswith("<?xml")
    assert "M0 0l9 9z" in drawn(marks, ground=None)
    file = drawn(marks, standalone=True, legend=[LegendItem(3, "Écologie")])
    assert file.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')
    assert "M0 0l9 9z" in file
    assert "france.svg" not in file
    texts = [text.text for text in ElementTree.fromstring(file.encode()).iter(f"{SVG}text")]
    assert texts[:3] == ["Carte", "Les territoires", "La Réunion"]
    assert texts[3] == "Écologie"
    assert "Natural Earth" in texts[4]


@pytest.mark.parametrize("standalone", [True, False])
def test_nothing_needs_more_than_a_strict_policy(standalone):
    svg = drawn([Mark(2, 48, "Ici", "/i/", 2, 3)], standalone=standalone)
    root = ElementTree.fromstring(svg.encode())
    assert not any("style" in element.attrib for element in root.iter())
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    assert {element.tag for element in root.iter()}.isdisjoint({SVG + "script", SVG + "style"})


@pytest.mark.parametrize("count", [0, 1, 3, 10, 40])
@pytest.mark.parametrize("length", [4, 25, 40, 200])
def test_a_legend_of_any_size_stays_in_the_picture(count, length):
    legend = [LegendItem(n, "m" * length, n % 2 == 0) for n in range(count)]
    svg = drawn([], legend=legend, standalone=True, title="Titre " * 60, description="mot " * 300)
    root = ElementTree.fromstring(svg.encode())
    left, top, width, height = map(float, root.get("viewBox").split())
    for text in root.iter(f"{SVG}text"):
        assert left < float(text.get("x", 0)) < width
        assert top < float(text.get("y", 0)) < top + height


@given(st.text(), st.text(), st.text(), st.text(), st.integers(), st.booleans())
def test_any_text_is_escaped(label, href, title, description, category, standalone):
    svg = drawn(
        [Mark(2, 48, label, href, category), Mark(2, 48, label, href, category, 5, True)],
        title=title,
        description=description,
        legend=[LegendItem(category, label)],
        standalone=standalone,
    )
    root = ElementTree.fromstring(svg.encode())
    illegal = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"

    def read(text):  # XML reads every end of line as \n, and blanks of an attribute as spaces
        return re.sub("[ \t\n\r]", " ", re.sub(illegal, "", text).replace("\r\n", "\n"))

    # The first title is the drawing's, then one per mark.
    titles = [re.sub("[ \t\n\r]", " ", element.text or "") for element in root.iter(f"{SVG}title")]
    assert titles == [read(title), read(label), read(label + " (position approchée)")]
    for link in root.iter(f"{SVG}a"):
        assert link.get("href") == read(href)


def test_a_swatch_is_decorative():
    root = ElementTree.fromstring(swatch(4, approximate=True))
    assert root.get("aria-hidden") == "true"
    assert len(root) == 1


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("glyph", GLYPHS, ids=lambda glyph: glyph.name)
@pytest.mark.parametrize("ground", [LAND, PAPER])
def test_marks_stand_out_from_the_ground(glyph, ground):
    assert (luminance(ground) + 0.05) / (luminance(glyph.colour) + 0.05) >= 3


def test_no_two_categories_look_alike():
    assert len({outline(category, 10) for category in range(len(GLYPHS))}) == len(GLYPHS)
    assert len({glyph.colour for glyph in GLYPHS}) == len(GLYPHS)


# ---------------------------------------------------------------- spreading


@pytest.mark.parametrize("count", [2, 3, 7, 20, 50])
def test_marks_at_one_place_are_moved_apart_and_stay_near(count):
    moved = spread([Place(500, 500)] * count, [10] * count)
    assert all(math.dist(a, b) > 18 for a, b in combinations(moved, 2))
    assert all(math.dist(place, (500, 500)) < 20 * math.sqrt(count) for place in moved)


def test_marks_apart_do_not_move():
    places = [Place(10, 10), Place(40, 10), Place(10, 40)]
    assert spread(places, [10] * 3) == places


def test_marks_of_an_inset_stay_in_it():
    box = Box(0, 0, 100, 100)
    moved = spread([Place(2, 2)] * 6, [10] * 6, dict.fromkeys(range(6), box))
    assert all(0 <= place.x <= 100 and 0 <= place.y <= 100 for place in moved)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 200), st.floats(0, 200), st.floats(1, 30)
        ),
        max_size=40,
    )
)  # fmt: skip
def test_spreading_is_repeatable_and_finite(marks):
    places, radii = [Place(x, y) for x, y, _ in marks], [radius for _, _, radius in marks]
    moved = spread(places, radii)
    assert moved == spread(places, radii)
    assert all(math.isfinite(place.x) and math.isfinite(place.y) for place in moved)


def test_a_drawing_is_quick():
    marks = [
        Mark(-1 + n % 12 * 0.7, 43.5 + n // 12 * 0.6, f"Territoire {n}", f"/t/{n}/", n)
        for n in range(120)
    ]
    elapsed = []
    for _ in range(20):
        start = perf_counter()
        drawn(marks)
        elapsed.append(perf_counter() - start)
    # Well above the millisecond it takes, so that a busy machine does not fail.
    assert min(elapsed) < 0.005
