from django import template

from fabriques.portal.fragments import fragment

register = template.Library()
register.simple_tag(fragment, name="fragment")
