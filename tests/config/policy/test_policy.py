"""What a policy asks for, and that nothing gets around it."""

import unicodedata

import pytest

NAMES = '[[folder]]\npath = "team-a"\nname_prefix = "a-"\n'


@pytest.mark.parametrize(
    ("entry", "breach"),
    [
        ('name_prefix = "b-"', ("team-a/x.yaml", 2, "name")),
        ('integrations = ["email"]', ("team-a/x.yaml", 1, "integration")),
        ("integrations = []", ("team-a/x.yaml", 1, "integration")),
        ('scope = {organization = "acme"}', ("team-a/x.yaml", 7, "scope")),
        ('scope = {team = "b"}', ("team-a/x.yaml", 7, "scope.team.0")),
        ('secrets = ["env:TEAM_B_*", "file:**"]', ("team-a/x.yaml", 4, "settings.bot_token.secret")),
        ('fallbacks = ["slack/a-*", "email/*"]', ("team-a/x.yaml", 8, "delivery.fallback")),
        ("fallbacks = []", ("team-a/x.yaml", 8, "delivery.fallback")),
        ("secrets = []", ("team-a/x.yaml", 4, "settings.bot_token.secret")),
        ('settings.slack.properties.channel.pattern = "^#b-"', ("team-a/x.yaml", 5, "settings.channel")),
        ('settings.slack.required = ["username"]', ("team-a/x.yaml", 4, "settings")),
        ("settings.slack.properties.channel = false", ("team-a/x.yaml", 5, "settings.channel")),
        ("settings.slack.propertyNames.maxLength = 8", ("team-a/x.yaml", 4, "settings")),
    ],
)
def test_breach_stands_at_the_value(root, entry, breach):
    root.policy(f'[[folder]]\npath = "team-a"\n{entry}\n')
    root.slack("team-a/x.yaml", more="scope:\n  team: [a, b]\ndelivery: {fallback: console/b-x}\n")
    assert root.breaches() == [breach]


@pytest.mark.parametrize(
    "entry",
    [
        'name_prefix = "a-"',
        'integrations = ["email", "slack"]',
        'scope = {team = ["a", "b", "c"]}',
        'secrets = ["env:TEAM_A_*"]',
        'settings.slack.properties.channel.pattern = "^#a-"',
        'fallbacks = ["slack/a-*"]',
        'settings.email.required = ["nothing of slack"]',
    ],
)
def test_document_that_keeps_to_it_is_fine(root, entry):
    root.policy(f'[[folder]]\npath = "team-a"\n{entry}\n')
    root.slack("team-a/x.yaml", more="scope:\n  team: [a, b]\n")
    assert root.check().diagnostics == ()


def test_directory_without_a_policy_allows_everything(root):
    root.slack("team-a/x.yaml", name="zzz")
    assert root.check().diagnostics == ()


def test_file_that_no_entry_covers_is_free(root):
    root.policy(NAMES)
    root.slack("team-b/x.yaml", name="zzz")
    assert root.breaches() == []


def test_deeper_entry_cannot_loosen(root):
    root.policy(f'{NAMES}integrations = ["email"]\n[[folder]]\npath = "team-a/deep"\nintegrations = ["slack"]\n')
    root.slack("team-a/deep/x.yaml", name="b")
    assert root.breaches() == [("team-a/deep/x.yaml", 1, "integration"), ("team-a/deep/x.yaml", 2, "name")]


def test_everything_else_can_be_closed(root):
    root.policy('[[folder]]\npath = ["**", "!team-a"]\nintegrations = []\n')
    root.slack("team-a/x.yaml")
    root.slack("team-b/x.yaml", name="y")
    root.slack("z.yaml", name="z")
    assert [file for file, _, _ in root.breaches()] == ["team-b/x.yaml", "z.yaml"]


def test_schema_in_a_file_is_read(root):
    root.write("policy/slack.json", '{"properties": {"channel": {"enum": ["#a-builds"]}}}')
    root.policy('[[folder]]\npath = "**"\nsettings.slack = "policy/slack.json"\n')
    root.slack("x.yaml")
    root.slack("y.yaml", name="y", channel="#random")
    assert root.breaches() == [("y.yaml", 5, "settings.channel")]


@pytest.mark.parametrize(
    "schema",
    [
        'properties.channel.pattern = "^#a-"',
        'properties.channel.not.pattern = "^#b-"',
        'patternProperties."^chan".maxLength = 3',
        "additionalProperties.maxLength = 3",
        'allOf = [{properties = {channel = {enum = ["#a"]}}}]',
        'if.properties.channel.pattern = "^#b-"',
        '"$ref" = "#/$defs/x"\n"$defs".x.properties.channel.pattern = "^#a"',
    ],
)
def test_reference_cannot_hide_a_value_that_is_narrowed(root, schema):
    lines = [f"settings.slack.{line}" for line in schema.splitlines()]
    root.policy("\n".join(['[[folder]]\npath = "**"', *lines, ""]))
    root.write(
        "x.yaml",
        'integration: slack\nname: x\nsettings:\n  webhook_url: {secret: "env:U"}\n  channel: {secret: "env:C"}\n',
    )
    assert ("x.yaml", 5, "settings.channel") in root.breaches()


def test_schema_that_knows_references_has_its_own_verdict(root):
    root.policy('[[folder]]\npath = "**"\nsettings.slack.properties.bot_token.properties.secret.pattern = "^env:A_"\n')
    root.slack("x.yaml", token="A_X")
    root.slack("y.yaml", name="y", token="B_X")
    assert root.breaches() == [("y.yaml", 4, "settings.bot_token.secret")]


def test_breach_shows_no_value_of_a_setting(root):
    root.policy('[[folder]]\npath = "**"\nsettings.slack.properties.bot_token.pattern = "^A"\nsecrets = ["env:A_*"]\n')
    root.write("x.yaml", "integration: slack\nname: x\nsettings: {bot_token: hunter2hunter2, channel: '#a'}\n")
    root.slack("y.yaml", token="hunter2", name="y")
    text = "".join(f"{d.message}{d.help}{d.path}" for d in root.check().diagnostics)
    assert "policy of" in text and "hunter2" not in text


def test_pattern_that_does_not_come_to_an_end_is_a_breach(root):
    schema = 'properties.channel.pattern = "^(?=#)(#|#)*\\\\1$"'
    root.policy(f'[[folder]]\npath = "team-a"\n[folder.settings.slack]\n{schema}\n')
    root.slack("team-a/x.yaml", channel="#" * 70 + "b")
    found = [d for d in root.check().diagnostics if d.rule != "invalid-value"]
    assert [d.rule for d in found] == ["policy"] and "comes to an end" in found[0].message


def test_document_that_is_wrong_in_other_ways_is_judged_too(root):
    root.policy(NAMES)
    root.write("team-a/x.yaml", "integration: slack\nname: x\nsettings: {chanel: 1}\n")
    assert {d.rule for d in root.check().diagnostics} >= {"policy", "unknown-key"}


@pytest.mark.parametrize(
    "text", ["- a\n", "name: [1]\nintegration: {a: 1}\nscope: x\nsettings: [1]\n", "integration: slack\n"]
)
def test_document_of_any_shape_is_survived(root, text):
    root.policy(
        '[[folder]]\npath = "**"\nname_prefix = "a"\nscope = {a = "b"}\nsecrets = []\nintegrations = []\nsettings.slack.type = "object"\n'
    )
    root.write("x.yaml", text)
    assert "internal-error" not in {d.rule for d in root.check().diagnostics}


@pytest.mark.parametrize("jobs", [1, 3])
def test_processes_change_nothing(root, jobs, alone):
    root.policy(NAMES)
    for i in range(60):
        root.slack(f"team-a/f{i:02}.yaml", name=f"n{i}" if i % 2 else f"a-{i}")
    assert len([d for d in root.check(jobs=jobs).diagnostics if d.rule == "policy"]) == 30


# --- what dodges it -------------------------------------------------------------------------------------------------


def test_link_does_not_dodge(root):
    """Where the link stands counts, and where it leads: each folder's owner sees to one of them."""
    root.policy(NAMES)
    root.slack("free/x.yaml", name="x")
    root.slack("team-a/y.yaml", name="y")
    (root.root / "team-a/link.yaml").symlink_to("../free/x.yaml")
    (root.root / "free/link.yaml").symlink_to("../team-a/y.yaml")
    assert {file for file, _, _ in root.breaches()} == {"team-a/link.yaml", "team-a/y.yaml", "free/link.yaml"}


def test_moving_a_file_does_not_dodge(root):
    root.policy(NAMES)
    path = root.slack("free/x.yaml", name="x")
    (root.root / "team-a").mkdir()
    path.rename(root.root / "team-a/x.yaml")
    assert root.breaches() == [("team-a/x.yaml", 2, "name")]


@pytest.mark.parametrize("folder", ["Team-A", "TEAM-A"])
def test_case_of_a_folder_does_not_dodge(root, folder):
    root.policy(NAMES)
    root.slack(f"{folder}/x.yaml", name="x")
    assert root.breaches() == [(f"{folder}/x.yaml", 2, "name")]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("written", ["NFC", "NFD"])
def test_unicode_form_does_not_dodge(root, form, written):
    root.policy(NAMES.replace("team-a", unicodedata.normalize(written, "équipe")))
    folder = unicodedata.normalize(form, "équipe")
    root.slack(f"{folder}/x.yaml", name="x")
    assert root.breaches() == [(f"{folder}/x.yaml", 2, "name")]


@pytest.mark.parametrize("name", ["x.yml", "x.prod.yaml", "[x].yaml", "x y.yaml", "!x.yaml", "#x.yaml", "x\\y.yaml"])
def test_name_of_a_file_does_not_dodge(root, name):
    root.policy(NAMES)
    root.slack(f"team-a/{name}", name="x")
    assert root.breaches() == [(f"team-a/{name}", 2, "name")]


@pytest.mark.parametrize(
    "path", ["configs/team-a/x.yaml", "configs/team-a/../team-a/x.yaml", "./configs//team-a/x.yaml", "elsewhere/x.yaml"]
)
def test_way_to_a_single_file_does_not_dodge(root, path):
    root.policy(NAMES)
    root.slack("team-a/x.yaml", name="x")
    (root.base / "elsewhere").symlink_to("configs/team-a")
    assert [(line, where) for _, line, where in root.breaches(path)] == [(2, "name")]


@pytest.mark.parametrize("path", ["configs/team-a", "configs/team-a/deep", "elsewhere", "configs/team-b/../team-a"])
@pytest.mark.parametrize("own", [False, True])
def test_folder_that_is_checked_by_itself_does_not_dodge(root, path, own):
    root.policy(NAMES)
    root.slack("team-a/deep/x.yaml", name="x")
    (root.root / "team-b").mkdir()
    (root.base / "elsewhere").symlink_to("configs/team-a")
    if own:
        root.write("team-a/reconcile.toml", "")
    result = root.check(path)
    assert [(d.rule, d.related[0].span.file) for d in result.diagnostics] == [("policy", "configs/reconcile.toml")]


def test_link_in_a_folder_that_is_checked_by_itself_does_not_dodge(root):
    root.policy(NAMES.replace('"team-a"', '"team-a/_real.yaml"'))
    root.slack("team-a/_real.yaml", name="x")
    (root.root / "team-a/x.yaml").symlink_to("_real.yaml")
    assert [line for _, line, _ in root.breaches("configs/team-a")] == [2]


def test_broken_settings_fail_a_folder_beneath_too(root):
    root.policy("[[folder]\n")
    root.slack("team-a/x.yaml")
    (found,) = root.check("configs/team-a").diagnostics
    assert (found.rule, found.span.file) == ("toml-syntax", "configs/reconcile.toml")


def test_settings_of_the_nearest_folder_count_outside_of_the_directory(root):
    (root.base / "other/team-a").mkdir(parents=True)
    (root.base / "other/reconcile.toml").write_text(NAMES)
    (root.base / "other/team-a/x.yaml").write_text(root.slack("y.yaml", name="x").read_text())
    (found,) = root.check("other/team-a/x.yaml").diagnostics
    assert (found.rule, found.related[0].span.file) == ("policy", "other/reconcile.toml")


def test_single_link_out_of_the_root_is_refused_as_the_daemon_does(root):
    root.policy("")
    (root.base / "out.yaml").write_text(root.slack("y.yaml").read_text())
    (root.root / "x.yaml").symlink_to("../out.yaml")
    result = root.check("configs/x.yaml")
    assert ([(d.rule, d.span.file) for d in result.diagnostics], result.failed) == (
        [("unreadable-file", "configs/x.yaml")], True,
    )  # fmt: skip


def test_settings_in_a_folder_beneath_the_root_are_none(root):
    root.policy(NAMES)
    root.write("team-a/reconcile.toml", "")
    root.slack("team-a/x.yaml", name="x")
    assert root.breaches("configs/team-a/x.yaml") == root.breaches() == [("team-a/x.yaml", 2, "name")]


def test_broken_settings_fail_a_single_file_too(root):
    root.policy("[[folder]\n")
    root.slack("team-a/x.yaml")
    result = root.check("configs/team-a/x.yaml")
    assert ([d.rule for d in result.diagnostics], result.failed) == (["toml-syntax"], True)


# --- what does nothing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "place", "words"),
    [
        ('path = "tema-a"', (2, 8), ("covers no file", "did you mean `team-a`?")),
        ('path = "team-a/*.json"', (2, 8), ("covers no file", "did you mean `team-a`?")),
        ('path = "zzz"', (2, 8), ("covers no file", "spelling")),
        ('path = "**"\nintegrations = ["slack", "slak"]', (3, 16), ("no integration `slak`", "did you mean `slack`?")),
        ('path = "**"\nsettings.slak.type = "object"', (3, 10), ("no integration `slak`", "did you mean `slack`?")),
    ],
)
def test_entry_that_does_nothing_is_a_warning(root, entry, place, words):
    root.policy(f"[[folder]]\n{entry}\n")
    root.slack("team-a/x.yaml")
    (found,) = root.check().diagnostics
    assert (found.rule, found.span.line, found.span.column) == ("unused-policy", *place)
    assert words[0] in found.message and words[1] in found.help


def test_entry_that_allows_nothing_may_cover_no_file(root):
    root.policy('[[folder]]\npath = ["**", "!team-a"]\nintegrations = []\n')
    root.slack("team-a/x.yaml")
    assert root.check().diagnostics == ()


def test_single_file_says_nothing_of_entries_that_do_nothing(root):
    root.policy('[[folder]]\npath = "team-b"\n')
    root.slack("team-a/x.yaml")
    assert root.check("configs/team-a/x.yaml").diagnostics == ()


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ('properties.channel.pattern = "^#b-"', "a text that matches `^#b-`"),
        ('properties.channel.enum = ["#x", "#y"]', 'one of "#x", "#y"'),
        ('properties.channel.const = "#x"', '`"#x"`'),
        ("properties.channel.maxLength = 3", "at most 3 characters"),
        ('properties.channel.type = ["integer", "null"]', "an integer or null"),
        ('properties.channel.format = "email"', "the format `email`"),
        ("properties.channel.not.minLength = 1", "what `not` of the policy's schema says"),
        ("properties.bot_token = true\nsettings.slack.additionalProperties = false", "no such key"),
        ('required = ["username"]', "the key `username`"),
        ("minProperties = 5", "at least 5 keys"),
        ("properties.channel = false", "nothing"),
    ],
)
def test_breach_says_what_is_asked_for(root, schema, words):
    root.policy(f'[[folder]]\npath = "**"\nsettings.slack.{schema}\n')
    root.slack("x.yaml")
    assert root.check().diagnostics[0].message.endswith(f"the policy of `**` asks for {words}")
