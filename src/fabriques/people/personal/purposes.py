"""Why the site holds data about persons: accounts, and what every page of the site needs.

The models of the kit (journal, letters) are declared here: the kit does not know persons.
"""

from datetime import timedelta

from django.conf import settings

from fabriques.kit.outbox.retention import KEPT
from fabriques.kit.purposes import Basis, Purpose
from fabriques.people.personal.retention import UNUSED

UNTIL_WITHDRAWN = "Jusqu’à ce que vous repreniez votre accord ; sa trace reste avec le compte."
SESSION_HOURS = settings.SESSION_COOKIE_AGE // 3600
TEAM = "L’équipe nationale des fabriques et les personnes qui entretiennent le site."

PURPOSES = (
    Purpose(
        key="account",
        title="Votre compte",
        why="Savoir qui entre dans l’espace de travail, et au nom de quelle organisation.",
        data=(
            "adresse électronique",
            "prénom et nom",
            "fonction",
            "organisation",
            "dates de création, de confirmation et de dernière visite",
            "ce que ProConnect transmet quand vous l’utilisez (identifiant, nom, adresse, SIRET)",
        ),
        people="Les personnes qui ont un compte.",
        basis=Basis.PUBLIC,
        recipients=TEAM + " Les personnes qui travaillent avec vous dans une fabrique voient "
        "votre nom, votre fonction et votre organisation.",
        retention_text="Trois ans après votre dernière visite : un courriel vous prévient deux "
        "mois puis un mois avant, et revenir suffit à garder le compte. Un compte dont l’adresse "
        "n’est pas confirmée est supprimé au bout de deux jours, sauf si quelqu’un vous y attend "
        "(un rôle vous a été donné). Vous pouvez effacer le vôtre à tout moment.",
        retention=UNUSED,
        source="Vous-même, ProConnect, ou la personne qui vous invite.",
        models=(
            "people.User",
            "account.EmailAddress",
            "account.EmailConfirmation",
            "socialaccount.SocialAccount",
            "socialaccount.SocialToken",
        ),
    ),
    Purpose(
        key="sign-in",
        title="Connexions et protection de votre compte",
        why="Vous reconnaître d’une page à l’autre, vous montrer les connexions ouvertes pour que "
        "vous fermiez celles qui ne sont pas de vous, empêcher qu’on entre à votre place.",
        data=(
            "adresse IP, navigateur et dates de chaque connexion ouverte",
            "adresse électronique saisie pour entrer",
            "seconds facteurs (codes, clés d’accès)",
            "nombre d’essais récents par adresse",
        ),
        people="Les personnes qui se connectent, ou essaient.",
        basis=Basis.LEGAL,
        recipients="Personne d’autre que vous ne voit vos connexions.",
        retention_text=f"Jusqu’à la fin de la connexion, {SESSION_HOURS} heures au plus après son "
        "ouverture ; les seconds facteurs, jusqu’à ce que vous les retiriez. Une connexion "
        "commencée sans être finie, avec l’adresse saisie, ne vaut plus rien au bout de "
        f"{SESSION_HOURS} heures au plus. Ce qui a pris fin est effacé dans la journée. Le compte "
        "des essais s’oublie en un jour au plus.",
        retention=timedelta(hours=SESSION_HOURS),
        source="Votre navigateur.",
        models=("usersessions.UserSession", "mfa.Authenticator", "sessions.Session"),
    ),
    Purpose(
        key="directory",
        title="Annuaire des fabriques",
        why="Permettre aux territoires d’une même fabrique de se joindre, si vous l’acceptez.",
        data=("adresse", "texte que vous avez accepté, dates de l’accord et de son retrait"),
        people="Les personnes qui l’ont accepté.",
        basis=Basis.CONSENT,
        recipients="Les membres des fabriques auxquelles vous participez.",
        retention_text=UNTIL_WITHDRAWN,
        source="Vous-même.",
        models=("people.Consent",),
    ),
    Purpose(
        key="follow-up",
        title="Nouvelles après la fin d’une fabrique",
        why="Vous demander, plus tard, ce que la fabrique a changé, si vous l’acceptez.",
        data=("adresse", "texte que vous avez accepté, dates de l’accord et de son retrait"),
        people="Les personnes qui l’ont accepté.",
        basis=Basis.CONSENT,
        recipients=TEAM,
        retention_text=UNTIL_WITHDRAWN,
        source="Vous-même.",
        models=("people.Consent",),
    ),
    Purpose(
        key="letters",
        title="Courriels du site",
        why="Vous dire ce qui vous concerne, sans vous écrire plus que vous ne le voulez.",
        data=(
            "adresse",
            "ce qui vous est écrit, dates d’envoi, refus de la messagerie",
            "rythme et sujets que vous avez choisis",
            "empreinte d’une adresse qui a dit stop ou ne reçoit plus",
        ),
        people="Les personnes à qui le site écrit.",
        basis=Basis.PUBLIC,
        recipients=TEAM + " Le service qui achemine les courriels.",
        retention_text="Le contenu des courriels, trois mois ; vos choix, autant que votre compte. "
        "L’empreinte d’une adresse qui a dit stop reste, pour que votre refus soit respecté ; on "
        "n’en tire pas l’adresse.",
        retention=KEPT,
        source="Vos actions sur le site, et celles des personnes qui travaillent avec vous.",
        models=("kit.Mail", "kit.Notice", "kit.Preference", "kit.Suppression"),
    ),
    Purpose(
        key="journal",
        title="Historique des changements",
        why="Savoir qui a changé quoi, quand et pourquoi, dans un travail partagé entre l’État et "
        "des territoires.",
        data=("nom et qualité de qui a fait le changement", "valeurs avant et après", "motif"),
        people="Les personnes qui ont un compte, et celles dont une fiche parle.",
        basis=Basis.PUBLIC,
        recipients=TEAM + " Chaque objet montre son historique à qui peut le voir.",
        retention_text="L’historique reste ; votre nom en disparaît quand votre compte est effacé.",
        source="Vos actions sur le site.",
        models=("kit.JournalEntry", "kit.JournalText"),
    ),
    Purpose(
        key="logs",
        title="Journal technique du serveur",
        why="Protéger le site et réparer ses pannes.",
        data=("adresse IP", "page demandée", "date"),
        people="Toute personne qui visite le site.",
        basis=Basis.LEGAL,
        recipients="Les personnes qui entretiennent le site, et son hébergeur.",
        retention_text="Un an au plus, chez l’hébergeur ; le site lui-même n’en garde rien.",
        source="Votre navigateur.",
    ),
)
