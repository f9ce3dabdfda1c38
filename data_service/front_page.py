"""The front page of the data service: what it is and a line to paste."""

FRONT_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Animal data service</title>
<style>
body { font: 1.05rem/1.55 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #1f2933; }
code, pre { font-family: ui-monospace, monospace; background: #f2f4f7; border-radius: 4px; }
code { padding: .1em .3em; }
pre { padding: .8rem 1rem; overflow-x: auto; }
</style>
</head>
<body>
<h1>Animal data service</h1>
<p>Unlabelled rows about kangaroos, elephants, chickens, dogs and a few animals that are none of them.
The same seed always gives the same rows. Heights are in metres, weights in kilograms.</p>
<ul>
<li><code>POST /api/v1/animals/data</code> &ndash; rows by seed</li>
<li><code>GET /api/v1/animals/schema</code> &ndash; <a href="/api/v1/animals/schema">the schema of a row</a></li>
<li><code>GET /docs</code> &ndash; <a href="/docs">try it in the browser</a></li>
</ul>
<pre id="curl">curl -s -X POST -H 'content-type: application/json' \\
  -d '{"seed": 42, "number_of_datapoints": 5}' <span id="here"></span>/api/v1/animals/data</pre>
<script>document.getElementById("here").textContent = location.origin;</script>
</body>
</html>
"""
