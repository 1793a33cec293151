"""Why the intake holds data about persons."""

from datetime import timedelta

from fabriques.kit.purposes import Basis, Purpose, register

# After the announcement of the cohort, or the end of the call.
CONTACTS_KEPT = timedelta(days=365)

register(
    Purpose(
        key="themes",
        title="Thèmes proposés",
        why="Savoir qui propose un thème de fabrique et qui le soutient.",
        data=("nom", "organisation au nom de laquelle vous parlez", "texte de la proposition"),
        people="Les personnes qui proposent ou soutiennent un thème.",
        basis=Basis.PUBLIC,
        recipients="Les personnes connectées.",
        retention_text="Tant que la proposition est gardée ; votre nom s’en détache quand votre "
        "compte est effacé.",
        source="Vous-même.",
        models=("intake.Theme", "intake.Support"),
    ),
    Purpose(
        key="volunteering",
        title="Déclarations de volontariat",
        why="Recevoir la déclaration d’un territoire, l’écrire à plusieurs, y répondre.",
        data=(
            "nom, mandat ou fonction et adresse de l’élu·e et du ou de la technicien·ne",
            "qui a écrit la déclaration, qui a demandé à l’écrire",
            "textes et pièce jointe de la déclaration",
        ),
        people="Les élus et agents des territoires volontaires.",
        basis=Basis.PUBLIC,
        recipients="L’équipe nationale ; les partenaires de l’appel, sans les adresses.",
        retention_text="Un an après l’annonce de la cohorte ou la fin de l’appel, sauf pour les "
        "territoires retenus.",
        retention=CONTACTS_KEPT,
        source="Les personnes qui écrivent la déclaration.",
        models=("intake.Volunteer", "intake.Author", "intake.Answer", "intake.JoinRequest"),
    ),
    Purpose(
        key="call-invitations",
        title="Territoires invités à un appel",
        why="Inviter un territoire à se porter volontaire, une fois, et le relancer une fois.",
        data=("adresse électronique", "territoire", "qui l’invite ou le propose", "dates"),
        people="Les contacts des territoires invités.",
        basis=Basis.PUBLIC,
        recipients="L’équipe nationale ; le partenaire qui propose.",
        retention_text="Un an après la fin de l’appel.",
        retention=CONTACTS_KEPT,
        source="L’équipe nationale ou un partenaire de l’appel.",
        models=("intake.CallInvitation",),
    ),
    Purpose(
        key="opinions",
        title="Avis et liens d’intérêt",
        why="Éclairer la composition d’une cohorte par des avis motivés, sans conflit d’intérêts.",
        data=("avis et motif", "lien d’intérêt déclaré", "dates"),
        people="Les personnes qui donnent un avis au nom d’un partenaire, et l’équipe nationale.",
        basis=Basis.PUBLIC,
        recipients="L’équipe nationale.",
        retention_text="Tant que l’appel est gardé ; votre nom s’en détache quand votre compte "
        "est effacé.",
        source="Vous-même.",
        models=("intake.Reviewer", "intake.Opinion", "intake.Conflict"),
    ),
)
