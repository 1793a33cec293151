"""Choices of the intake: from a theme to a cohort."""

from django.db import models


class Proposer(models.TextChoices):
    """On whose behalf a theme is proposed."""

    ANCT = "anct", "L’ANCT"
    PROGRAMME = "programme", "Un programme national"
    ASSOCIATION = "association", "Une association d’élus ou de citoyens"
    PARTNER = "partner", "Un partenaire national"
    TERRITORIES = "territories", "Un groupe de territoires"


class ThemeState(models.TextChoices):
    PROPOSED = "proposed", "Proposé"
    KEPT = "kept", "Retenu pour un appel"
    DECLINED = "declined", "Non retenu"
    WITHDRAWN = "withdrawn", "Retiré"


class Phase(models.TextChoices):
    """Where a call is, from its dates and acts; never stored."""

    DRAFT = "draft", "En préparation"
    ANNOUNCED = "announced", "Annoncé"
    OPEN = "open", "Ouvert"
    CLOSED = "closed", "Clos, décision à venir"
    DECIDED = "decided", "Cohorte annoncée"
    CANCELLED = "cancelled", "Annulé"


class QuestionKind(models.TextChoices):
    LINE = "line", "Une ligne"
    TEXT = "text", "Un texte"
    CHOICE = "choice", "Un choix dans une liste"
    CHOICES = "choices", "Plusieurs choix dans une liste"
    NUMBER = "number", "Un nombre"
    YES_NO = "yes-no", "Oui ou non"


class Reach(models.TextChoices):
    """Which volunteers a partner may see, by what they are."""

    ALL = "all", "Tous les volontaires"
    COMMUNES = "communes", "Les communes"
    GROUPINGS = "groupings", "Les intercommunalités et autres groupements"


class WayIn(models.TextChoices):
    """How a territory came; the three are treated alike."""

    INVITED = "invited", "Invité par l’ANCT"
    PUT_FORWARD = "put-forward", "Proposé par un partenaire"
    SELF = "self", "Venu de lui-même"


class InvitationState(models.TextChoices):
    """Where an invitation is, from its letter, its link and the declaration; never stored."""

    TO_WRITE = "to-write", "Lettre à composer"
    REVIEW = "review", "Lettre à relire"
    LEAVING = "leaving", "Lettre en cours d’envoi"
    UNDELIVERED = "undelivered", "Lettre non remise"
    SENT = "sent", "Envoyée"
    OPENED = "opened", "Ouverte"
    DRAFT = "draft", "Déclaration commencée"
    SUBMITTED = "submitted", "Volontaire"
    DECLINED = "declined", "Pas cette fois"
    CANCELLED = "cancelled", "Annulée"


class VolunteerState(models.TextChoices):
    DRAFT = "draft", "Brouillon"
    SUBMITTED = "submitted", "Déposée"
    WITHDRAWN = "withdrawn", "Retirée"


class Outcome(models.TextChoices):
    RETAINED = "retained", "Retenu"
    RESERVE = "reserve", "En réserve"
    NOT_RETAINED = "not-retained", "Non retenu"


class OpinionValue(models.TextChoices):
    FAVOURABLE = "favourable", "Favorable"
    RESERVED = "reserved", "Réservé"
    UNFAVOURABLE = "unfavourable", "Défavorable"


class RuleKind(models.TextChoices):
    """The forms in which a rule of composition can be set; see `engines.cohort`."""

    AT_LEAST = "at-least", "Au moins"
    AT_MOST = "at-most", "Au plus"
    AT_MOST_EACH = "at-most-each", "Au plus, pour chaque valeur"
    AT_LEAST_VALUES = "at-least-values", "Au moins, en valeurs différentes"
    NOT_NEIGHBOURS = "not-neighbours", "Pas deux voisins"
    NOT_NESTED = "not-nested", "Pas une commune avec son intercommunalité"
    NOT_RECENT = "not-recent", "Pas déjà membre dans les dernières années"


class Place(models.TextChoices):
    """Where a composition puts a volunteer."""

    NONE = "", "Hors cohorte"
    MEMBER = "member", "Dans la cohorte"
    RESERVE = "reserve", "En réserve"


class Lock(models.TextChoices):
    """What proposals may not change."""

    NONE = "", "Libre"
    IN = "in", "Verrouillé dans la cohorte"
    OUT = "out", "Écarté"
