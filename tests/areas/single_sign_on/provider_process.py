"""An OpenID provider in a process of its own: `python -m tests.areas.single_sign_on.provider_process`.

It is oidc-provider-mock, with what tests need besides: it insists on PKCE, counts requests, signs what it is
told to, and changes its key. Its address is the first line that it prints.
"""

import base64
import hashlib
import sys
import warnings
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

warnings.simplefilter("ignore")

import flask  # noqa: E402
from authlib import jose  # noqa: E402
from oidc_provider_mock import app as provider_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402


def _app() -> flask.Flask:
    app: flask.Flask = provider_app(require_nonce=True)
    counts: Counter[str] = Counter()
    challenges: dict[str, str] = {}
    other_key = jose.RSAKey.generate_key(is_private=True)

    def count() -> Any:
        counts[flask.request.path] += 1
        if flask.request.path != "/oauth2/token":
            return None
        digest = hashlib.sha256(flask.request.form.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenges.pop(flask.request.form.get("code", ""), None) != shown:
            return flask.jsonify({"error": "invalid_grant"}), 400
        return None

    def note_challenge(response: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/authorize" and "location" in response.headers:
            code = parse_qs(urlsplit(response.headers["location"]).query).get("code", [""])[0]
            if flask.request.args.get("code_challenge_method") == "S256":
                challenges[code] = flask.request.args["code_challenge"]
        return response

    def tell_counts() -> Any:
        return flask.jsonify(counts)

    def sign() -> Any:
        told = flask.request.get_json()
        storage = flask.g.oidc_provider_mock_storage
        key = other_key if told.get("other_key") else storage.jwk
        header = {"alg": "RS256", "kid": storage.jwk.as_dict()["kid"], **told.get("header", {})}
        return jose.jwt.encode(header, told["claims"], key).decode()

    def rotate() -> Any:
        flask.g.oidc_provider_mock_storage.jwk = jose.RSAKey.generate_key(is_private=True)
        return "", 204

    app.before_request(count)
    app.after_request(note_challenge)
    app.add_url_rule("/test/counts", view_func=tell_counts)
    app.add_url_rule("/test/sign", view_func=sign, methods=["POST"])
    app.add_url_rule("/test/rotate", view_func=rotate, methods=["POST"])
    return app


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, _app(), threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
