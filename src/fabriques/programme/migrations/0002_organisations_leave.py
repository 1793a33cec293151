"""Organisations move to `people`: the tables are renamed, nothing is copied."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("programme", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterModelTable("Organisation", "people_organisation"),
                migrations.AlterModelTable("FormerName", "people_formername"),
            ]
        )
    ]
