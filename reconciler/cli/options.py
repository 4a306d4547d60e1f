"""The options of the command line, each described once.

Two readers share this table: Typer's command tree (`params.py`) and the quick path of `validate` and the daemon
(`quick.py`), which start the sooner for doing without Typer. Nothing here imports either.
"""

from typing import Any, NamedTuple


class Opt(NamedTuple):  # no Struct: `--version` and help do without that library
    """One option: its attribute, its flags as Typer takes them, its default, and the variable that it yields to.

    `kind` is `text`, `flag`, `number` or `list`; a flag's off form stands in `off`.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    kind: str = "text"
    default: Any = None
    env: str | None = None
    metavar: str | None = None
    off: str | None = None


DIR = Opt("dir", ("--dir",), "The directory of configurations.", default="configs", env="RECONCILE_DIR", metavar="DIR")
STATE_DIR = Opt(
    "state_dir", ("--state-dir",), "Where last good versions, history, the queue and the socket live.",
    default=".reconcile", env="RECONCILE_STATE_DIR", metavar="DIR",
)  # fmt: skip
INTEGRATIONS = Opt(
    "integrations", ("--integrations",), "Load these integrations alone, separated by commas.",
    env="RECONCILE_INTEGRATIONS", metavar="A,B",
)  # fmt: skip
SECRETS_DIR = Opt(
    "secrets_dir", ("--secrets-dir",), "Where `file:` secrets are read.",
    default="/run/secrets", env="RECONCILE_SECRETS_DIR", metavar="DIR",
)  # fmt: skip
ALLOW_PLAINTEXT = Opt(
    "allow_plaintext_secrets", ("--allow-plaintext-secrets",),
    "Take secrets that stand in a file as they are: for trying things out.",
    kind="flag", default=False, env="RECONCILE_ALLOW_PLAINTEXT_SECRETS", off="--no-allow-plaintext-secrets",
)  # fmt: skip
FORMAT = Opt(
    "format", ("--format",),
    "text, concise, json, github, gitlab, sarif, junit, azure or rdjson, each with =FILE to write it there; several "
    "with commas. Default: text, or github within GitHub Actions.",
    default="", env="RECONCILE_FORMAT", metavar="FORMAT[=FILE],…",
)  # fmt: skip
STRICT = Opt(
    "strict", ("--strict",), "Let warnings fail the run. Default: what reconcile.toml says, else not.",
    kind="flag", env="RECONCILE_STRICT", off="--no-strict",
)  # fmt: skip
SELECT = Opt(
    "select", ("--select",), "Report these warnings alone, by rule, separated by commas (repeatable); errors always.",
    kind="list", env="RECONCILE_SELECT", metavar="RULES",
)  # fmt: skip
IGNORE = Opt(
    "ignore", ("--ignore",), "Leave these warnings out, by rule, separated by commas (repeatable).",
    kind="list", env="RECONCILE_IGNORE", metavar="RULES",
)  # fmt: skip
STDIN_FILENAME = Opt(
    "stdin_filename", ("--stdin-filename",), "With - as PATH: the name of the file whose content is on standard input.",
    metavar="FILE",
)  # fmt: skip
JOBS = Opt(
    "jobs", ("--jobs", "-j"), "How many processes check files; 0 means as many as pay.",
    kind="number", default=0, env="RECONCILE_JOBS", metavar="N",
)  # fmt: skip
FIX = Opt(
    "fix", ("--fix",), "Fix what can be fixed without changing what is meant; these findings are marked [*].",
    kind="flag", default=False, env="RECONCILE_FIX", off="--no-fix",
)  # fmt: skip
DIFF = Opt(
    "diff", ("--diff",), "Show what --fix would change, and change nothing.",
    kind="flag", default=False, env="RECONCILE_DIFF", off="--no-diff",
)  # fmt: skip
RESOLVE_SECRETS = Opt(
    "resolve_secrets", ("--resolve-secrets",),
    "Try each secret reference once, and check that its value fits; no value is shown.",
    kind="flag", default=False, env="RECONCILE_RESOLVE_SECRETS", off="--no-resolve-secrets",
)  # fmt: skip
CHANGED_SINCE = Opt(
    "changed_since", ("--changed-since",), "Check the files that differ from this commit, and what stands between all. "
    "Three dots behind it: from where its history and HEAD's parted.", metavar="REF",
)  # fmt: skip

VALIDATE = (
    DIR, FORMAT, STRICT, FIX, DIFF, SELECT, IGNORE, STDIN_FILENAME, CHANGED_SINCE, JOBS, ALLOW_PLAINTEXT, INTEGRATIONS,
    SECRETS_DIR, RESOLVE_SECRETS,
)  # fmt: skip
"""The options of `reconcile validate`; its arguments are paths."""
WATCH = Opt(
    "watch", ("--watch", "-w"), "Keep running: follow the files until told to stop.", kind="flag", default=False
)
STANDBY = Opt(
    "standby", ("--standby",), "With --watch: wait while another runner holds the state directory, then take over.",
    kind="flag", default=False, env="RECONCILE_STANDBY", off="--no-standby",
)  # fmt: skip
LISTEN = Opt(
    "listen", ("--listen",), "Serve HTTP at this address, such as 127.0.0.1:8787.",
    env="RECONCILE_LISTEN", metavar="HOST:PORT",
)  # fmt: skip
ALLOWED_HOSTS = Opt(
    "allowed_host", ("--allowed-host",), "Answer requests for this host name as well (repeatable).",
    kind="list", env="RECONCILE_ALLOWED_HOST", metavar="NAME",
)  # fmt: skip
GRACE = Opt(
    "grace", ("--grace",), "How long stopping may take.", default="25s", env="RECONCILE_GRACE", metavar="DURATION"
)
PRUNE_LIMIT = Opt(
    "prune_limit", ("--prune-limit",), "Hold removals above this: a number or a percentage; 100% holds none.",
    default="10%", env="RECONCILE_PRUNE_LIMIT", metavar="N|P%",
)  # fmt: skip
ALLOW_NETWORK = Opt(
    "allow_network", ("--allow-network",), "Let integrations connect to this network (repeatable).",
    kind="list", env="RECONCILE_ALLOW_NETWORK", metavar="CIDR",
)  # fmt: skip
DENY_NETWORK = Opt(
    "deny_network", ("--deny-network",), "Keep integrations from this network (repeatable).",
    kind="list", env="RECONCILE_DENY_NETWORK", metavar="CIDR",
)  # fmt: skip
TOKEN_FILE = Opt(
    "token_file", ("--token-file",), "A file with the token: asked of HTTP clients, or sent to --server.",
    env="RECONCILE_TOKEN_FILE", metavar="FILE",
)  # fmt: skip
LOG_FORMAT = Opt(
    "log_format", ("--log-format",), "human, or json: one object a line.",
    default="human", env="RECONCILE_LOG_FORMAT", metavar="human|json",
)  # fmt: skip
LOG_LEVEL = Opt(
    "log_level", ("--log-level",), "debug, info, warning or error.",
    default="info", env="RECONCILE_LOG_LEVEL", metavar="LEVEL",
)  # fmt: skip
DAEMON = (
    DIR, STATE_DIR, WATCH, STANDBY, LISTEN, ALLOWED_HOSTS, GRACE, PRUNE_LIMIT, INTEGRATIONS, SECRETS_DIR,
    ALLOW_PLAINTEXT, ALLOW_NETWORK, DENY_NETWORK, TOKEN_FILE, LOG_FORMAT, LOG_LEVEL,
)  # fmt: skip
"""The options of `reconcile --watch`."""
SERVER = Opt(
    "server", ("--server",), "Ask the daemon at this URL instead of the one of the state directory.",
    env="RECONCILE_SERVER", metavar="URL",
)  # fmt: skip
OUTPUT = Opt(
    "output", ("--output", "-o"), "table, json or yaml.", default="table", env="RECONCILE_OUTPUT",
    metavar="table|json|yaml",
)  # fmt: skip
PLAN_FROM = Opt(
    "before", ("--from",), "Compare two commits, offline, from this one. Three dots behind it: from where its history "
    "and the other's parted, as a pull request is shown.", metavar="REF",
)  # fmt: skip
PLAN_TO = Opt("after", ("--to",), "With --from: to this commit (default HEAD).", metavar="REF")
PLAN_FORMAT = Opt(
    "format", ("--format",), "text, json or markdown, each with =FILE to write it there; several with commas.",
    metavar="FORMAT[=FILE],…",
)  # fmt: skip
