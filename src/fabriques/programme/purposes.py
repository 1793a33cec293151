"""Why the programme holds data about persons: roles and invitations."""

from datetime import timedelta

from fabriques.kit.purposes import Basis, Purpose, register

INVITATIONS_KEPT = timedelta(days=90)

register(
    Purpose(
        key="roles",
        title="Vos rôles",
        why="Savoir qui peut faire quoi, dans quelle fabrique et pour quel territoire, et qui "
        "était là quand une décision a été prise.",
        data=("rôle, lieu, dates de début et de fin", "qualité de la personne qui l’a donné"),
        people="Les personnes qui tiennent ou ont tenu un rôle.",
        basis=Basis.PUBLIC,
        recipients="Les membres de la même fabrique, sans l’adresse ; l’équipe nationale, le "
        "prestataire et le groupe du même territoire, avec l’adresse.",
        retention_text="Tant que la fabrique est gardée ; votre nom s’en détache quand votre "
        "compte est effacé.",
        source="La personne qui vous a donné le rôle.",
        models=("programme.Membership",),
    ),
    Purpose(
        key="invitations",
        title="Invitations",
        why="Vous proposer un rôle, une seule fois, sans le donner à quelqu’un d’autre.",
        data=("adresse électronique", "rôle proposé", "qui invite", "dates"),
        people="Les personnes invitées et celles qui invitent.",
        basis=Basis.PUBLIC,
        recipients="Les personnes qui peuvent donner ce rôle.",
        retention_text="L’adresse est oubliée trois mois après la fin de l’invitation.",
        retention=INVITATIONS_KEPT,
        source="La personne qui vous invite.",
        models=("programme.Invitation",),
    ),
    Purpose(
        key="cited",
        title="Personnes citées dans l’histoire des fabriques",
        why="Dire qui a contribué à une fabrique, quand une publication l’a déjà dit.",
        data=("nom", "organisation", "rôle auprès de la fabrique", "publication qui le dit"),
        people="Par exemple, les chercheurs et chercheuses associés à une fabrique.",
        basis=Basis.PUBLIC,
        recipients="Tout le monde : ces pages sont publiques.",
        retention_text="Tant que la fabrique est montrée ; moins, si la personne le demande.",
        source="Des publications, citées sur la page.",
        models=("programme.Partnership",),
    ),
)
