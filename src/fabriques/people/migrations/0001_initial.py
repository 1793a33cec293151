"""The models of organisations come from `programme`, whose tables were renamed."""

import django.db.models.deletion
from django.db import migrations, models

import fabriques.kit.dates
from fabriques.people.enums import OrganisationKind


import django.core.validators
import django.utils.timezone
import uuid
from django.conf import settings


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("programme", "0002_organisations_leave"),
        ("territories", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Organisation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("slug", models.SlugField(max_length=80, unique=True)),
                        ("name", models.CharField(max_length=200, verbose_name="nom")),
                        (
                            "acronym",
                            models.CharField(blank=True, max_length=40, verbose_name="sigle"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=OrganisationKind.choices,
                                max_length=12,
                                verbose_name="sorte",
                            ),
                        ),
                    ],
                    options={"ordering": ["name", "slug"]},
                ),
                migrations.CreateModel(
                    name="FormerName",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("name", models.CharField(max_length=200, verbose_name="nom")),
                        (
                            "acronym",
                            models.CharField(blank=True, max_length=40, verbose_name="sigle"),
                        ),
                        (
                            "until",
                            fabriques.kit.dates.PartialDateField(
                                blank=True,
                                max_length=10,
                                validators=[fabriques.kit.dates.validate_partial_date],
                                verbose_name="jusqu’à",
                            ),
                        ),
                        (
                            "organisation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="former_names",
                                to="people.organisation",
                            ),
                        ),
                    ],
                    options={"ordering": ["-until", "name"]},
                ),
            ]
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "ref",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="référence"
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        error_messages={"unique": "Un compte existe déjà avec cette adresse."},
                        max_length=254,
                        unique=True,
                        verbose_name="adresse électronique",
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, max_length=150, verbose_name="prénom et nom"),
                ),
                ("job", models.CharField(blank=True, max_length=150, verbose_name="fonction")),
                ("is_active", models.BooleanField(default=True, verbose_name="compte ouvert")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="créé le"),
                ),
                (
                    "confirmed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="first sign-in that proved the address; accounts never confirmed are deleted",
                        null=True,
                        verbose_name="adresse confirmée le",
                    ),
                ),
                (
                    "seen_on",
                    models.DateField(
                        blank=True, null=True, verbose_name="vu pour la dernière fois le"
                    ),
                ),
                (
                    "warned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="prévenu le"),
                ),
                (
                    "warnings",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="before the account is erased for want of use",
                        verbose_name="avertissements",
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="effacé le"),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        default=1, help_text="raised by each change on screen"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "email"],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            (
                                "directory",
                                "Montrer mon adresse aux autres territoires de mes fabriques",
                            ),
                            (
                                "follow-up",
                                "Me recontacter après la fin d’une fabrique pour savoir ce qu’elle a changé",
                            ),
                        ],
                        max_length=20,
                        verbose_name="sujet",
                    ),
                ),
                ("wording", models.CharField(max_length=300, verbose_name="texte présenté")),
                (
                    "given_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="donné le"
                    ),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="repris le"),
                ),
            ],
            options={
                "ordering": ["user", "subject", "-given_at"],
            },
        ),
        migrations.AddField(
            model_name="organisation",
            name="logo",
            field=models.FileField(
                blank=True, max_length=200, upload_to="logos", verbose_name="logo"
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="siren",
            field=models.CharField(
                blank=True,
                max_length=9,
                validators=[
                    django.core.validators.RegexValidator("^\\d{9}$", "Un SIREN a neuf chiffres.")
                ],
                verbose_name="SIREN",
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="territory",
            field=models.ForeignKey(
                blank=True,
                help_text="the territory that this body governs, when it governs one",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="organisations",
                to="territories.territory",
                verbose_name="territoire",
            ),
        ),
        migrations.AddField(
            model_name="organisation",
            name="version",
            field=models.PositiveIntegerField(
                default=1, help_text="raised by each change on screen"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("siren", ""), _negated=True),
                fields=("siren",),
                name="organisation_siren",
                violation_error_message="Une organisation porte déjà ce SIREN.",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="organisation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="people",
                to="people.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="consents",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                fields=["is_active", "seen_on"], name="people_user_is_acti_1b87c9_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("user", "subject"),
                name="consent_open",
            ),
        ),
    ]
