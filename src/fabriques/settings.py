"""One settings file; everything that a deployment may change comes from the environment.

`docs/settings.md` describes each variable; a test holds that list and this file together.
"""

import warnings
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = Path(__file__).resolve().parent

# Every variable accepts `<NAME>_FILE`, the path of a file that holds the value (for secrets).
env = environ.FileAwareEnv()

DEBUG = env.bool("DEBUG", default=False)
VAR = Path(env.str("VAR_DIR", default=str(ROOT / "var")))
VAR.mkdir(parents=True, exist_ok=True)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-for-demonstration-only" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY manque : donnez une longue suite de caractères au hasard (docs/settings.md)."
    )
# Former keys, still read after the key has changed (second factors are kept under it).
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# One-click entry as made-up persons; cannot be where DEBUG is off.
DEMO = env.bool("DEMO", default=DEBUG)
if DEMO and not DEBUG:
    raise ImproperlyConfigured(
        "DEMO laisse entrer n’importe qui sans mot de passe : il faut DEBUG=1, ou retirer DEMO."
    )
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Paris")

# --- What the pages say of who runs the site -------------------------------------------------
SITE_NAME = env.str("SITE_NAME", default="Fabriques prospectives")
SITE_OPERATOR = env.str("SITE_OPERATOR", default="")
SITE_OPERATOR_ADDRESS = env.str("SITE_OPERATOR_ADDRESS", default="")
SITE_PUBLICATION_DIRECTOR = env.str("SITE_PUBLICATION_DIRECTOR", default="")
SITE_HOST = env.str("SITE_HOST", default="")
SITE_HOST_ADDRESS = env.str("SITE_HOST_ADDRESS", default="")
SITE_CONTACT = env.str("SITE_CONTACT", default="")
SITE_DPO = env.str("SITE_DPO", default="")
# The State's block mark and the Marianne typeface belong to the State's own sites only.
OFFICIAL_STATE_SITE = env.bool("OFFICIAL_STATE_SITE", default=False)
# Tiles for the interactive map, e.g. IGN's; the map needs none without it.
MAP_TILES_URL = env.str("MAP_TILES_URL", default="")
MAP_TILES_ATTRIBUTION = env.str("MAP_TILES_ATTRIBUTION", default="")
# Where open data is downloaded from.
DATA_GOUV_API = env.str("DATA_GOUV_API", default="https://www.data.gouv.fr/api/1")

INSTALLED_APPS = [
    # Ours come first: their templates replace those of the libraries.
    "fabriques.kit",
    "fabriques.territories",
    "fabriques.people",
    "fabriques.programme",
    "fabriques.intake",
    "fabriques.portal",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "django_tasks_db",
    "widget_tweaks",
    "dsfr",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "fabriques.portal.middleware.HeadersMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every address asks for a signed-in person, unless its view is marked as public.
    "fabriques.portal.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "fabriques.people.signin.middleware.ActivityMiddleware",
    "fabriques.portal.middleware.NotFoundMiddleware",
]

ROOT_URLCONF = "fabriques.urls"
WSGI_APPLICATION = "fabriques.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "fabriques.kit.context.site",
            ],
            "builtins": ["django.templatetags.static", "fabriques.kit.templatetags.kit"],
        },
    }
]
FORM_RENDERER = "dsfr.forms.DsfrDjangoTemplates"
DSFR_USE_INTEGRITY_CHECKSUMS = False  # the manifest rewrites url() in the CSS: hashes would differ
DSFR_MARK_OPTIONAL_FIELDS = True
# The library says at each form that this very setting will go one day.
warnings.filterwarnings("ignore", message="Transitional Django setting DSFR_MARK_OPTIONAL_FIELDS")

# --- Data -------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR}/fabriques.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["CONN_MAX_AGE"] = None  # opening costs more than most pages
    DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA mmap_size=268435456; PRAGMA cache_size=-20000;"
        ),
    }
else:
    DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8)}
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Work in the background -------------------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Several processes share rate limits and live events through Redis; one process needs none.
REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # The default of 300 would let a flood of addresses push out the counts of rate limits.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- The web process --------------------------------------------------------------------------
WEB_THREADS = env.int("WEB_THREADS", default=2)  # pages drawn at a time, in each process
LIVE_STREAMS = env.int("LIVE_STREAMS", default=2000)  # open live pages, in each process
LIVE_STREAMS_PER_USER = env.int("LIVE_STREAMS_PER_USER", default=8)

# --- Mail -------------------------------------------------------------------------------------
# Where people open the site from: letters are composed far from any request.
SITE_URL = env.str(
    "SITE_URL",
    default="http://127.0.0.1:8000" if DEBUG else f"https://{(ALLOWED_HOSTS or ['localhost'])[0]}",
).rstrip("/")
EMAIL_URL = env.str("EMAIL_URL", default="")
MAIL_FROM = env.str(
    "MAIL_FROM", default=f"{SITE_NAME} <ne-pas-repondre@localhost>" if DEBUG else ""
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM or "ne-pas-repondre@localhost"
MAIL_DIGEST_HOUR = env.int("MAIL_DIGEST_HOUR", default=7)
MAIL_FOLDER = VAR / "mails"
if EMAIL_URL:
    globals().update(env.email_url_config(EMAIL_URL))
elif DEBUG:
    EMAIL_BACKEND = "fabriques.kit.mailing.FolderBackend"
EMAIL_TIMEOUT = 30  # seconds, for each exchange with the server

# The history of the programme: one readable file of facts.
FACTS = ROOT / "data" / "fabriques.toml"
# npm packages: open data and front-end files, fetched at install.
NODE_MODULES = ROOT / "node_modules"

# --- Languages and formats --------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# --- Static files -----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
ASSETS = VAR / "assets"
STATICFILES_DIRS = [PACKAGE / "static", ASSETS]
# Packages' own static files stay out: the trimmed design system is built into var/assets.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "fabriques.kit.assets.HashedStorage"},
}
# What people send stands apart from what is served as it is: views serve it, with its rights.
MEDIA_ROOT = VAR / "files"
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_USE_FINDERS = False

# --- People -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
# Stewards have no rights in production until they have a second factor.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=not DEBUG)
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "space"
ACCOUNT_ADAPTER = "fabriques.people.signin.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code proves the address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 2
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# By network address, wide enough for a whole room; by account (key, user).
ACCOUNT_RATE_LIMITS = {"login_failed": "60/10m/ip,5/5m/key", "reauthenticate": "20/10m/user"}
MFA_ADAPTER = "fabriques.people.signin.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "fabriques.people.signin.factor_forms.AuthenticateForm",
    "reauthenticate": "fabriques.people.signin.factor_forms.ReauthenticateForm",
    "activate_totp": "fabriques.people.signin.factor_forms.ActivateForm",
    "add_webauthn": "fabriques.people.signin.factor_forms.AddPasskeyForm",
    "login_webauthn": "fabriques.people.signin.factor_forms.LoginPasskeyForm",
    "authenticate_webauthn": "fabriques.people.signin.factor_forms.UsePasskeyForm",
    "reauthenticate_webauthn": "fabriques.people.signin.factor_forms.ShowPasskeyForm",
    "edit_webauthn": "fabriques.people.signin.factor_forms.RenamePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # clocks of phones drift

# --- ProConnect -------------------------------------------------------------------------------
# Sign-in of public agents. All three, or no button and no address.
PROCONNECT_SERVER_URL = env.str("PROCONNECT_SERVER_URL", default="")
PROCONNECT_CLIENT_ID = env.str("PROCONNECT_CLIENT_ID", default="")
PROCONNECT_CLIENT_SECRET = env.str("PROCONNECT_CLIENT_SECRET", default="")
SOCIALACCOUNT_ADAPTER = "fabriques.people.proconnect.provider.SocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # ProConnect has proved the address
# Browsers hold a form to this list through redirects: signing in and out post, then go there.
PROCONNECT_ORIGINS = (
    ["{0.scheme}://{0.netloc}".format(urlsplit(PROCONNECT_SERVER_URL))]
    if PROCONNECT_SERVER_URL
    else []
)

# --- Security ---------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *env.list("MAP_TILES_ORIGINS", default=[])],
        "font-src": [SELF],
        "object-src": [NONE],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, *PROCONNECT_ORIGINS],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Binds every name under the site's: only where the whole domain is served over HTTPS.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes speak plain HTTP
SECURE_REFERRER_POLICY = "same-origin"  # links of invitations must not reach other sites
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
# Cookies. The prefix makes browsers refuse one set by another name of the domain, or over HTTP.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# A working day from sign-in: pages do not renew it, so that reading never writes.
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "fabriques.kit.errors.csrf_failure"
# Behind a proxy, its headers say the scheme and the address of the client; they are believed
# nowhere else.
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1) if BEHIND_PROXY else 0
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# What may come in at once, in bytes: a whole request with its files, then what is not files.
REQUEST_MAX_BYTES = 50_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "fabriques.kit.uploads.serving.RequestLimitHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750
# Where people who find a flaw write (security.txt); the contact of the site by default.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")
SECURITY_POLICY_URL = env.str("SECURITY_POLICY_URL", default="")
# Binding every name under the site's to HTTPS is a choice of the domain, not a flaw of the site.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SILENCED_SYSTEM_CHECKS += env.list("SILENCED_CHECKS", default=[])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        # The worker says each task that it runs, whatever the level of its logger.
        "warnings": {"class": "logging.StreamHandler", "formatter": "plain", "level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "django_tasks": {"handlers": ["warnings"], "propagate": False},
        "django_tasks_db": {"handlers": ["warnings"], "propagate": False},
    },
}
