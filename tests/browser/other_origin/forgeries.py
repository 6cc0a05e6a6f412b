"""What a page of another origin can have a browser send without asking the server first, and more.

Each is a JavaScript function of the API's address and of a mutation. It ends when the browser has the answer,
or is sure that there will be none.
"""

FORGERIES = {
    "a form": """(url, query) => submit({ url, fields: { query } })""",
    "a form by GET": """(url, query) => submit({ url, method: "GET", fields: { query } })""",
    "a form of plain text that is JSON": """(url, query) => submit({
        url, enctype: "text/plain",
        fields: { [JSON.stringify({ query }).slice(0, -1) + ',"x":"']: '"}' } })""",
    "a form of parts": """(url, query) => submit({ url, enctype: "multipart/form-data", fields: {
        query, operations: JSON.stringify({ query }), map: "{}" } })""",
    "text by fetch": """(url, query) => ask(url, {
        method: "POST", body: JSON.stringify({ query }), headers: { "Content-Type": "text/plain" } })""",
    "text by fetch, unseen": """(url, query) => ask(url, {
        method: "POST", mode: "no-cors", credentials: "include", body: JSON.stringify({ query }) })""",
    "JSON by fetch, unseen": """(url, query) => ask(url, {
        method: "POST", mode: "no-cors", body: JSON.stringify({ query }),
        headers: { "Content-Type": "application/json" } })""",
    "bytes without a type": """(url, query) => ask(url, {
        method: "POST", mode: "no-cors", body: new Blob([JSON.stringify({ query })]) })""",
    "JSON with credentials": """(url, query) => ask(url, {
        method: "POST", credentials: "include", body: JSON.stringify({ query }),
        headers: { "Content-Type": "application/json" } })""",
    "a query string by fetch": """(url, query) => ask(`${url}?${new URLSearchParams({ query })}`)""",
    "a method of its own": """(url, query) => ask(url, { method: "PUT", body: JSON.stringify({ query }) })""",
    "a beacon": """(url, query) => {
        navigator.sendBeacon(url, new Blob([JSON.stringify({ query })], { type: "text/plain" })); }""",
    "a beacon of JSON": """(url, query) => {
        navigator.sendBeacon(url, new Blob([JSON.stringify({ query })], { type: "application/json" })); }""",
    "an image": """(url, query) => load("img", `${url}?${new URLSearchParams({ query })}`)""",
    "a script": """(url, query) => load("script", `${url}?${new URLSearchParams({ query })}`)""",
    "a frame": """(url, query) => load("iframe", `${url}?${new URLSearchParams({ query })}`)""",
    "an event stream": """(url, query) => new Promise((done) => {
        const source = new EventSource(`${url}?${new URLSearchParams({ query })}`, { withCredentials: true });
        source.onmessage = ({ data }) => { read.push(data); };
        source.onerror = () => { source.close(); done(); };
    })""",
    "a websocket": """(url, query) => new Promise((done) => {
        const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
        socket.onopen = () => { read.push("opened"); socket.send('{"type":"connection_init"}'); };
        socket.onmessage = ({ data }) => {
            read.push(data);
            socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
        };
        socket.onclose = done;
    })""",
}
"""By what is sent."""

BEGINNING = """() => {
  window.read = [];  // what the page could read
  window.submit = ({ url, method = "POST", enctype, fields }) => new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { name: "behind" });
    const form = Object.assign(document.createElement("form"), { action: url, method, target: "behind" });
    if (enctype) form.enctype = enctype;
    for (const [name, value] of Object.entries(fields)) {
      form.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(frame, form);
    frame.onload = () => { see(frame); frame.remove(); form.remove(); done(); };
    form.submit();
  });
  window.ask = async (url, init) => {
    const answer = await fetch(url, init).then((response) => response.text()).catch(() => "");
    if (answer) read.push(answer);
  };
  window.load = (kind, src) => new Promise((done) => {
    const element = document.createElement(kind);
    element.onload = () => { if (kind === "iframe") see(element); done(); };
    element.onerror = done;
    element.src = src;
    document.body.append(element);
  });
  window.see = (frame) => {
    try {
      const text = frame.contentDocument?.body?.textContent;
      if (text) read.push(text);
    } catch { /* of another origin */ }
  };
}"""
"""What the functions share."""
