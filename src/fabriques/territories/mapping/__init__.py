"""The ground of the national map: outlines, projection and drawing. Pure Python, no Django.

- ``outlines.build`` turns two npm packages into ``departements.geojson``, ``france.svg`` and
  ``frames.json``; it runs at install and is the only part that needs shapely and numpy.
- ``projection.Frames`` says where a longitude and a latitude fall on the drawing.
- ``drawing.draw`` writes the SVG, in a page or as a file of its own.
"""
