"""The journal in templates: `{% for entry in entries|shown %}`."""

from django import template

from fabriques.kit.journal import shown

register = template.Library()
register.filter("shown", shown)
