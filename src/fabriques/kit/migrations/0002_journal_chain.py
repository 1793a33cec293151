"""The journal becomes a chain: each entry gets its number, its digests, and its text a table apart.

Entries written before are chained in the order in which they were written. The writing of digests
is repeated here, as it was on the day of this migration.
"""

import json
from datetime import UTC
from hashlib import sha256
from secrets import token_hex

import django.db.models.deletion
from django.db import migrations, models

GENESIS = "0" * 64
BATCH = 500


def canonical(value):
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest(*parts):
    return sha256(canonical(parts).encode()).hexdigest()


def chain(apps, schema_editor):
    entries = apps.get_model("kit", "JournalEntry").objects
    texts = apps.get_model("kit", "JournalText").objects
    number, previous, last = 0, GENESIS, 0
    while batch := list(entries.filter(number__gt=last).order_by("number")[:BATCH]):
        written = []
        for entry in batch:
            last = entry.number
            number += 1
            text = texts.model(
                entry_id=number,
                who_salt=token_hex(16),
                before=canonical(entry.before),
                after=canonical(entry.after),
                reason=entry.reason,
                what_salt=token_hex(16),
            )
            who = digest(text.who_salt, text.name, text.ref)
            what = digest(text.what_salt, text.before, text.after, text.reason)
            at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
            link = digest(number, previous, entry.subject, entry.verb, at, entry.actor, who, what)
            # New numbers come in the order of the former and never exceed them: none meets another.
            entries.filter(number=entry.number).update(
                number=number,
                standing=entry.actor,
                who=who,
                what=what,
                previous=previous,
                digest=link,
            )
            written.append(text)
            previous = link
        texts.bulk_create(written)
    if number:
        apps.get_model("kit", "JournalHead").objects.create(id=1, number=number, digest=previous)
    # PostgreSQL alters no table that still has constraints to check.
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="JournalHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("digest", models.CharField(default=GENESIS, max_length=64)),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.RenameField("journalentry", "id", "number"),
        migrations.AlterField(
            "journalentry",
            "number",
            models.PositiveBigIntegerField(
                primary_key=True, serialize=False, verbose_name="numéro"
            ),
        ),
        migrations.AlterField("journalentry", "verb", models.TextField(verbose_name="changement")),
        *(
            migrations.AddField("journalentry", name, field, preserve_default=False)
            for name, field in (
                ("standing", models.TextField(default="", verbose_name="en qualité de")),
                *(
                    (name, models.CharField(default="", max_length=64, verbose_name=label))
                    for name, label in (
                        ("who", "empreinte de la personne"),
                        ("what", "empreinte du contenu"),
                        ("previous", "empreinte précédente"),
                        ("digest", "empreinte"),
                    )
                ),
            )
        ),
        migrations.AlterModelOptions("journalentry", {"ordering": ["-number"]}),
        migrations.CreateModel(
            name="JournalText",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="kit.journalentry",
                    ),
                ),
                ("name", models.TextField(blank=True, verbose_name="nom")),
                (
                    "ref",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        max_length=64,
                        verbose_name="référence de la personne",
                    ),
                ),
                ("who_salt", models.CharField(blank=True, max_length=32)),
                ("before", models.TextField(blank=True, verbose_name="avant")),
                ("after", models.TextField(blank=True, verbose_name="après")),
                ("reason", models.TextField(blank=True, verbose_name="pourquoi")),
                ("what_salt", models.CharField(blank=True, max_length=32)),
            ],
            options={"ordering": ["-pk"]},
        ),
        migrations.RunPython(chain),
        migrations.RemoveField("journalentry", "actor"),
        migrations.RemoveField("journalentry", "before"),
        migrations.RemoveField("journalentry", "after"),
        migrations.RemoveField("journalentry", "reason"),
    ]
