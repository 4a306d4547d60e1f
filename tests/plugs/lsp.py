"""A small client of the Language Server Protocol: what an editor asks yaml-language-server, over its pipes."""

import json
import queue
import subprocess
import threading


class LanguageServer:
    """One server in one folder. `settings` is what the editor has under `yaml`, such as `{"schemas": {…}}`."""

    def __init__(self, command, folder, settings):
        self.folder, self.settings = folder, {"schemaStore": {"enable": False}, **settings}
        self._process = subprocess.Popen(
            [str(word) for word in command], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )  # fmt: skip
        self._ids = 0
        self._answers: dict[int, queue.Queue] = {}
        self._found: dict[str, queue.Queue] = {}
        threading.Thread(target=self._read, daemon=True).start()
        markup = {"contentFormat": ["markdown"], "dynamicRegistration": True}
        item = {"documentationFormat": ["markdown"], "snippetSupport": True}
        self.ask(
            "initialize",
            processId=None, rootUri=folder.as_uri(), workspaceFolders=[{"uri": folder.as_uri(), "name": "work"}],
            capabilities={
                "workspace": {"configuration": True, "workspaceFolders": True},
                "textDocument": {"hover": markup, "completion": {"completionItem": item}, "publishDiagnostics": {}},
            },
        )  # fmt: skip
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings={"yaml": self.settings})

    def close(self):
        self.ask("shutdown")
        self._tell("exit")
        self._process.wait(10)
        self._process.stdin.close()
        self._process.stdout.close()

    def open(self, name, text):
        """Open a document and return its address."""
        uri = (self.folder / name).as_uri()
        self._found[uri] = queue.Queue()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", textDocument=document)
        return uri

    def findings(self, uri):
        """Return what the server found in a document that was opened: `(line, message)`, lines from 1; ask once."""
        found = self._found[uri].get(timeout=30)
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in found]

    def complete(self, uri, line, column):
        """Return what is offered at a place, each by its label; the place counts from 1."""
        place = {"line": line - 1, "character": column - 1}
        answer = self.ask("textDocument/completion", textDocument={"uri": uri}, position=place)
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"]: item for item in items}

    def hover(self, uri, line, column):
        """Return the text that is shown over a place, which counts from 1."""
        place = {"line": line - 1, "character": column - 1}
        answer = self.ask("textDocument/hover", textDocument={"uri": uri}, position=place)
        return answer["contents"]["value"] if answer else ""

    def ask(self, method, **parameters):
        self._ids += 1
        number = self._ids
        self._answers[number] = queue.Queue()
        self._send({"id": number, "method": method, "params": parameters})
        answer = self._answers[number].get(timeout=30)
        assert "error" not in answer, answer
        return answer.get("result")

    def _tell(self, method, **parameters):
        self._send({"method": method, "params": parameters})

    def _send(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._process.stdin.flush()

    def _read(self):
        while message := self._message():
            if "method" not in message:
                self._answers[message["id"]].put(message)
            elif "id" in message:
                self._send({"id": message["id"], "result": self._serve(message)})
            elif message["method"] == "textDocument/publishDiagnostics":
                self._found[message["params"]["uri"]].put(message["params"]["diagnostics"])

    def _serve(self, message):
        """Answer what the server asks of an editor: its settings; anything else with nothing."""
        if message["method"] != "workspace/configuration":
            return None
        return [self.settings if item.get("section") == "yaml" else {} for item in message["params"]["items"]]

    def _message(self):
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            if not line:
                return None
            name, _, value = line.decode().partition(": ")
            length = int(value) if name == "Content-Length" else length
        return json.loads(self._process.stdout.read(length))
