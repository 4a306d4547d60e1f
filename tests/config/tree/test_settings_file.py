"""`reconcile.toml` as a directory follows it: checked with places, settled before it counts, and failing closed."""

import pytest

from reconciler.config.tree.directory import RootState

TEAM_A = '[[folder]]\npath = "team-a/**"\nname_prefix = "a-"\n'


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("[limits]\nmax_flies = 5\n", "unknown-key", (2, 1)),
        ("\n[limts]\n", "unknown-key", (2, 2)),
        ("limits = 3\n", "wrong-type", (1, 10)),
        ("[limits]\nmax_files = true\n", "wrong-type", (2, 13)),
        ("[limits]\nmax_files = 0\n", "invalid-value", (2, 13)),
        ("[limits]\nmax_files = 2026-01-01\n", "wrong-type", (2, 13)),
        ("[limits]\nmax_files = inf\n", "wrong-type", (2, 13)),
        ("x = " + "9" * 5000, "toml-syntax", (1, 1)),
        ("[limits]\n[limits\n", "toml-syntax", (2, 8)),
        (b"\xff", "toml-syntax", (1, 1)),
        ("\na" + ".a" * 100_000 + " = 1\n", "toml-syntax", (2, 1)),
        ('[validate]\nignore = ["ignored-setting", "yaml-syntax"]\n', "invalid-value", (2, 30)),
        ('[validate]\nselect = [\n  "dangling-fallbak",\n]\n', "invalid-value", (3, 3)),
        ("[validate]\nstrict = 1\n", "wrong-type", (2, 10)),
        ('[[folder]]\nname_prefix = "a-"\n', "missing-key", (1, 3)),
        ('[[folder]]\npath = "a/**"\n[[folder]]\npath = "../b"\n', "invalid-value", (4, 8)),
        ('[[folder]]\npath = ["!a"]\n', "invalid-value", (2, 8)),
        ('[[folder]]\npath = "a"\nsecrets = ["TEAM_A"]\n', "invalid-value", (3, 12)),
        ('[[folder]]\npath = "a"\nsettings.slack.type = "strin"\n', "invalid-value", (3, 10)),
        ('[[folder]]\npath = "a"\nsettings.slack = "../slack.json"\n', "invalid-value", (3, 18)),
        ('[[folder]]\npath = "a"\n[folder.settings]\nslack = "none.json"\n', "invalid-value", (4, 9)),
        ('[[folder]]\npath = "a"\nsettings.slack."$ref" = "https://example.com/x"\n', "invalid-value", (3, 10)),
    ],
)
def test_settings_file_is_checked_where_it_is_wrong(world, text, rule, place):
    world.raw("reconcile.toml", text)
    world.scan()
    found = world.directory.snapshot.diagnostics
    assert [(d.rule, d.span.file, (d.span.line, d.span.column)) for d in found] == [(rule, "reconcile.toml", place)]
    assert found[0].help


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["unix", "windows"])
def test_sound_settings_say_nothing(world, start, line_break):
    text = f"{start}[limits]\nmax_files = 5\n[validate]\nstrict = true\n{TEAM_A}"
    world.raw("reconcile.toml", text.replace("\n", line_break))
    world.scan()
    assert world.rules == []


def test_files_beyond_the_limit_are_not_loaded_and_said(world):
    world.raw("reconcile.toml", "[limits]\nmax_files = 2\n")
    for i in range(3):
        world.write(f"f{i}.yaml", f"n{i}")
    scan = world.scan()
    assert (scan.files, world.rules) == (2, [("validation-limit", "reconcile.toml")])


def test_breach_is_invalid_with_places_in_both_files(world):
    world.raw("reconcile.toml", TEAM_A)
    world.write("team-a/x.yaml", "one")
    world.scan()
    (found,) = world.directory.snapshot.get("x/one").diagnostics
    assert (world.presence("x/one"), found.rule, found.span.line, found.span.column) == ("invalid", "policy", 2, 7)
    assert [(r.span.file, r.span.line, r.span.column) for r in found.related] == [("reconcile.toml", 3, 15)]


@pytest.mark.parametrize("folders", [None, {""}, {"elsewhere"}])
def test_change_of_the_policy_judges_every_document_again(world, folders):
    for i in range(3):
        world.write(f"team-a/f{i}.yaml", f"n{i}")
    world.scan()
    world.raw("reconcile.toml", TEAM_A)
    scan = world.scan(folders)
    assert scan.changed == {"x/n0", "x/n1", "x/n2"}
    assert world.presence("x/n1") == "invalid"


def test_policy_seen_while_the_root_is_lost_judges_what_comes_back_with_the_same_bytes(world):
    world.write("team-a/f.yaml", "one")
    world.scan()
    world.root.rename(world.base / "old")
    world.raw("reconcile.toml", TEAM_A)
    for _ in range(2):  # it settles meanwhile
        assert world.scan().root is RootState.SWAPPED_EMPTY
        world.clock.advance(1)
    world.write("team-a/f.yaml", "one")
    scan = world.scan()
    assert (scan.changed, world.presence("x/one")) == ({"x/one"}, "invalid")


def test_unchanged_policy_judges_nothing_again(world):
    path = world.raw("reconcile.toml", TEAM_A)
    world.write("team-a/f.yaml", "a-one")
    world.scan()
    world.validator.checked.clear()
    path.touch()
    scan = world.scan()
    assert (world.validator.checked, scan.read, scan.judged_again) == ([], 0, False)


def test_lifted_policy_lets_documents_in(world):
    path = world.raw("reconcile.toml", TEAM_A)
    world.write("team-a/f.yaml", "one")
    world.scan()
    path.unlink()
    world.scan()
    assert world.presence("x/one") == "valid"


def test_policy_that_is_gone_for_a_moment_stays_in_force(world):
    path = world.raw("reconcile.toml", TEAM_A)
    world.write("team-a/f.yaml", "one")
    world.scan()
    path.unlink()
    scan = world.directory.scan()
    world.clock.advance(0.06)
    world.directory.scan()
    assert scan.recheck_in is not None
    assert world.presence("x/one") == "invalid"
    world.raw("reconcile.toml", TEAM_A)
    world.scan()
    assert world.presence("x/one") == "invalid"


def test_half_written_policy_is_waited_for(world):
    world.raw("reconcile.toml", TEAM_A)
    world.write("team-a/f.yaml", "one")
    world.scan()
    world.raw("reconcile.toml", '[[folder]]\npath = "team-a/**"\n')
    world.directory.scan()
    assert world.presence("x/one") == "invalid"
    world.raw("reconcile.toml", TEAM_A + 'integrations = ["y"]\n')
    world.scan()
    assert len(world.directory.snapshot.get("x/one").diagnostics) == 2


BROKEN = [TEAM_A + "[", TEAM_A.replace("name_prefix", "name_prefx"), b"\xff"]


@pytest.mark.parametrize("broken", BROKEN, ids=["syntax", "unknown key", "encoding"])
def test_policy_with_an_error_leaves_the_last_one_in_force(world, broken):
    world.raw("reconcile.toml", TEAM_A)
    world.scan()
    world.raw("reconcile.toml", broken)
    world.write("team-a/f.yaml", "one")
    world.write("team-a/g.yaml", "a-two")
    world.scan()
    assert (world.presence("x/one"), world.presence("x/a-two")) == ("invalid", "valid")
    assert ("reconcile.toml" in [file for _, file in world.rules]) is True


@pytest.mark.parametrize("broken", BROKEN, ids=["syntax", "unknown key", "encoding"])
def test_policy_with_an_error_at_a_start_takes_nothing_new(world, broken):
    world.raw("reconcile.toml", broken)
    world.write("team-b/f.yaml", "one")
    world.scan()
    (found,) = world.directory.snapshot.get("x/one").diagnostics
    assert (world.presence("x/one"), found.rule) == ("invalid", "policy")
    world.raw("reconcile.toml", TEAM_A)
    world.scan()
    assert world.presence("x/one") == "valid"


def test_settings_of_a_kind_that_cannot_be_read_take_nothing_new(world):
    (world.root / "reconcile.toml").mkdir()
    world.write("f.yaml", "one")
    world.scan()
    assert world.presence("x/one") == "invalid"


def test_error_in_what_validate_alone_looks_at_stops_nothing(world):
    world.raw("reconcile.toml", f'[validate]\nignore = ["a-rule-of-tomorrow"]\n{TEAM_A}')
    world.write("team-a/f.yaml", "a-one")
    world.write("team-a/g.yaml", "two")
    world.scan()
    assert (world.presence("x/a-one"), world.presence("x/two")) == ("valid", "invalid")


def test_settings_may_be_a_link_inside_the_root_and_none_that_leads_out(world):
    world.raw(".data/reconcile.toml", TEAM_A)
    (world.root / "reconcile.toml").symlink_to(".data/reconcile.toml")
    world.write("team-a/f.yaml", "one")
    world.scan()
    assert world.presence("x/one") == "invalid"
    (world.base / "outside.toml").write_text("")
    (world.root / "reconcile.toml").unlink()
    (world.root / "reconcile.toml").symlink_to("../outside.toml")
    world.scan()
    assert world.presence("x/one") == "invalid"
    assert ("unreadable-file", "reconcile.toml") in world.rules


def test_change_of_a_schema_that_the_policy_names_is_seen(world):
    world.raw("policy/x.json", '{"required": ["a"]}')
    world.raw("reconcile.toml", '[[folder]]\npath = "**"\nsettings.x = "policy/x.json"\n')
    world.write("f.yaml", "one")
    world.scan()
    assert world.presence("x/one") == "invalid"
    world.raw("policy/x.json", "{}")
    world.scan({"policy"})
    assert world.presence("x/one") == "valid"


def test_document_that_may_not_stand_there_blocks_no_other_of_its_id(world):
    world.raw("reconcile.toml", '[[folder]]\npath = "team-b"\nname_prefix = "b-"\n')
    world.write("team-a/x.yaml", "one")
    world.write("team-b/x.yaml", "one")
    world.scan()
    assert (world.presence("x/one"), world.rules) == ("valid", [("policy", "team-b/x.yaml")])
