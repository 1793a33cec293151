"""References follow the organisations to `people`; the database has followed already."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("programme", "0002_organisations_leave"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "Fabrique",
                    "initiator",
                    models.ForeignKey(
                        help_text="the ANCT for its own programme; another body for a comparable initiative",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="initiatives",
                        to="people.organisation",
                        verbose_name="à l’initiative de",
                    ),
                ),
                migrations.AlterField(
                    "Partnership",
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partnerships",
                        to="people.organisation",
                    ),
                ),
                migrations.AlterField(
                    "Result",
                    "publisher",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                migrations.DeleteModel("FormerName"),
                migrations.DeleteModel("Organisation"),
            ]
        )
    ]
