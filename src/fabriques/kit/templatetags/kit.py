"""Tags and filters that every template has."""

from django import template

from fabriques.kit import dates

register = template.Library()
register.filter("partial_date", dates.in_words)
