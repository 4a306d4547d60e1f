"""Integrations are found as importlib.metadata would find them, and nothing of them runs."""

import json
import subprocess
import sys
import zipfile
from importlib.metadata import distributions

import pytest

from reconciler.config.catalogue import Catalogue
from reconciler.config.entry_points import GROUP, find_packages, package_folder
from reconciler.config.tree.directory import Directory
from reconciler.model.errors import RegistrationError, UnknownIntegration


def of_the_library(*folders):
    """What the standard library finds, the first distribution of a name winning."""
    found, seen = {}, set()
    for distribution in distributions(path=[str(folder) for folder in folders]):
        if distribution.name not in seen:
            seen.add(distribution.name)
            found |= {e.name: e.value for e in distribution.entry_points if e.group == GROUP}
    return found


def test_same_as_the_standard_library_here():
    assert find_packages() == of_the_library(*sys.path)


def test_distribution_is_found(site):
    site.add("one")
    site.add("two")
    assert find_packages([str(site.folder)]) == of_the_library(site.folder) != {}


@pytest.mark.parametrize("kind", ["1.0.dist-info", "1.0-py3.11.egg-info"])
def test_both_kinds_of_metadata_are_read(site, kind):
    site.ids["old"] = {"old": "acme_integrations.old"}
    site.write_entry_points("old", kind)
    assert find_packages([str(site.folder)]) == {"old": "acme_integrations.old"}


def test_first_distribution_of_a_name_wins(site, tmp_path):
    site.add("one")
    shadow = tmp_path / "shadow" / "Acme-2.0.dist-info"
    shadow.mkdir(parents=True)
    (shadow / "METADATA").write_text("Name: acme\n")
    assert find_packages([str(shadow.parent), str(site.folder)]) == {}


def test_archive_on_the_path_is_searched(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("zipped-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\n")
        writing.writestr("zipped-1.0.dist-info/entry_points.txt", f"[x]\na = b\n[{GROUP}]\nzipped = zipped_package\n")
    assert find_packages([str(archive)]) == {"zipped": "zipped_package"}


@pytest.mark.parametrize("text", ["", "[", f"[{GROUP}]", f"[{GROUP}]\nno equals sign\n# a = b\n; c = d\n", "\0\xff"])
def test_odd_metadata_gives_nothing(tmp_path, text):
    folder = tmp_path / "odd-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_bytes(text.encode("latin-1"))
    assert find_packages([str(tmp_path), str(tmp_path / "missing")]) == {}


def test_extras_and_spaces_are_no_part_of_a_package(tmp_path):
    folder = tmp_path / "x-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_text(f"[{GROUP}]\n  spaced   =   some.package [extra]\n")
    assert find_packages([str(tmp_path)]) == {"spaced": "some.package"}


def test_two_distributions_with_one_id_fail_alone(site):
    site.add("one")
    site.ids["rival"] = {"one": "rival_package", "other": "acme_integrations.one"}
    site.write_entry_points("rival")
    site.add("two")
    catalogue = Catalogue()
    with pytest.raises(RegistrationError, match="two installed distributions register an integration 'one'"):
        catalogue.descriptor("one")
    assert catalogue.descriptor("two").name == "Two"


def test_folder_of_a_regular_package_hides_later_ones(site, tmp_path):
    site.add("one")
    first = tmp_path / "first" / "acme_integrations"
    first.mkdir(parents=True)
    assert package_folder("acme_integrations.one", [str(first.parent), str(site.folder)]) is not None
    (first / "__init__.py").touch()
    assert package_folder("acme_integrations.one", [str(first.parent), str(site.folder)]) is None


def test_package_that_is_not_there_is_a_registration_error(site):
    site.ids["acme"] = {"ghost": "no_such_package_anywhere.ghost"}
    site.write_entry_points("acme")
    with pytest.raises(RegistrationError, match=r"no_such_package_anywhere\.ghost .* has no manifest\.json"):
        Catalogue().descriptor("ghost")


def test_validating_runs_nobodys_code(site):
    site.add("one", {"type": "object", "required": ["x"]})  # its code ends the process
    catalogue = Catalogue()
    assert "one" in catalogue.ids()
    assert catalogue.descriptor("one").schema == {"type": "object", "required": ["x"]}
    assert not any(name.startswith("acme_integrations") for name in sys.modules)


def test_a_thousand_integrations_are_not_read_until_named(site):
    names = {f"i{n:04d}": f"acme_integrations.i{n:04d}" for n in range(1000)}
    site.ids["acme"] = names
    site.write_entry_points("acme")
    site.add("i0007")
    catalogue = Catalogue()
    assert names.keys() <= set(catalogue.ids())  # no manifest of the others exists
    assert catalogue.descriptor("i0007").id == "i0007"


def test_what_is_installed_while_a_process_runs_is_told_to_need_a_restart(site, judge, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: late\nname: a\n")
    directory = Directory(tmp_path / "configs", judge.validator, settle=0)

    def told():
        directory.scan()
        return [(found.rule, found.message, found.help) for found in directory.snapshot.diagnostics]

    before = told()
    site.add("late", distribution="another")
    assert before[0][:2] == ("unknown-integration", "no integration `late` is installed")
    assert (
        told()
        == told()
        == [
            (
                "unknown-integration",
                "the integration `late` has been installed since this process started",
                "restart it: it knows what was installed before",
            )
        ]
    )


def test_what_is_installed_later_and_not_allowed_is_no_reason_to_restart(site):
    catalogue = Catalogue(["two"])
    assert "two" not in catalogue.ids()
    site.add("one")
    site.add("two")
    assert catalogue.installed_since(["one", "two"]) == {"two"}


def test_allowed_ids_narrow_what_is_known(site):
    site.add("one")
    site.add("two")
    catalogue = Catalogue(["two", "none"])
    assert catalogue.ids() == ["two"]
    assert catalogue.is_left_out("one") and not catalogue.is_left_out("two")
    with pytest.raises(UnknownIntegration):
        catalogue.descriptor("one")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("manifest.json", "{", "not JSON"),
        ("manifest.json", "[]", "expected a JSON object"),
        ("manifest.json", '{"id": "one"}', '"name" is a required property'),
        ("manifest.json", '{"id": "other", "name": "x"}', "its entry point is named 'one'"),
        ("manifest.json", '{"id": "one", "name": "x", "events": [{"typ": "y"}]}', "events/0"),
        ("manifest.json", "[" * 100_000, "not JSON"),
        ("schema.json", "nope", "not JSON"),
        ("schema.json", None, "No such file"),
    ],
)
def test_broken_files_are_registration_errors(site, name, text, message):
    package = site.add("one")
    (package / name).unlink()
    if text is not None:
        (package / name).write_text(text)
    with pytest.raises(RegistrationError, match=message):
        Catalogue().descriptor("one")


CODE = "class {}:\n    integration_id = {!r}\n"


def load(site, code, **manifest):
    package = site.add("one", code="", **manifest)
    (package / "integration.py").write_text(code)
    (package / "other.py").write_text(CODE.format("Elsewhere", "one"))
    asked = "from reconciler.config.catalogue import Catalogue; print(Catalogue().load('one').__name__)"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(site.folder)}
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.slow
def test_class_of_the_id_is_loaded(site):
    assert load(site, CODE.format("Helper", "x") + CODE.format("One", "one")) == "One"


@pytest.mark.slow
def test_class_that_the_manifest_names_is_loaded(site):
    assert load(site, CODE.format("One", "one"), **{"class": "other:Elsewhere"}) == "Elsewhere"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "message"), [("", "has no class"), (CODE.format("A", "one") + CODE.format("B", "one"), "2 classes")]
)
def test_no_single_class_is_a_registration_error(site, code, message):
    assert message in load(site, code)


def test_manifest_is_read_in_full(site):
    site.add(
        "one",
        events=[{"type": "a.b", "description": "B of a"}],
        routes=[{"path": "/in", "methods": ["POST", "GET"]}],
        schedules=[{"name": "daily"}],
        exclusive=["port:1"],
        ignored_settings=[{"setting": "a", "when_present": "b", "reason": "c"}],
        ignored_message="it sends the body",
    )
    descriptor = Catalogue().descriptor("one")
    assert [e.type for e in descriptor.events] == ["a.b"]
    assert descriptor.routes[0].methods == ("POST", "GET")
    assert descriptor.exclusive == ("port:1",)
    assert descriptor.ignored_message == "it sends the body"
    assert json.loads(json.dumps(descriptor.schema)) == {"type": "object"}
