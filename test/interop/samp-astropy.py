#!/usr/bin/env python3
"""A hub of astropy and a client that takes images, tables and positions; see samp.test.ts and ../e2e/studio-samp.test.ts.

Arguments: the lock file to write; with "web" after it the hub has the web profile too, whose user says what standard input says. Standard output: a line
"ready", then of each message a line of JSON: its type, its parameters, and what astropy reads from the file that it names. Standard input: lines of JSON:
{"allow": whether pages may register from now on}; {"send": type, "params": ...}, to which the answer of the first page is printed; {"clients": true},
to which the number of clients is printed. Ends with its standard input.
"""
import json
import sys
import threading
import time
import warnings

from astropy import log
from astropy.io import fits
from astropy.samp import SAMPHubServer, SAMPIntegratedClient
from astropy.table import Table
from astropy.wcs import WCS

warnings.simplefilter("ignore")
log.setLevel("ERROR")


class User:
    """Answers the hub's question whether a page may register, where a window would ask."""

    allows = False
    asked = []

    def answer(self):
        while True:
            self.asked.append(self.queue_request.get())
            self.queue_result.put(self.allows)


user = User()
web = "web" in sys.argv[2:]
hub = SAMPHubServer(lockfile=sys.argv[1], web_profile=web, web_profile_dialog=user if web else None, addr="127.0.0.1")
hub.start()
if web:
    threading.Thread(target=user.answer, daemon=True).start()
client = SAMPIntegratedClient(name="Receiver & <friend>", addr="127.0.0.1", callable=True)
client.connect(hub=hub)


def read(mtype, params):
    if mtype == "image.load.fits":
        with fits.open(params["url"], cache=False) as hdus:
            header, data = hdus[0].header, hdus[0].data
            return {"shape": data.shape, "sum": float(data.sum()), "sky": WCS(header).celestial.wcs_pix2world([[3, 5]], 0)[0].tolist()}
    if mtype.startswith("table.load"):
        table = Table.read(params["url"], format="votable" if mtype.endswith("votable") else "fits")
        return {"rows": len(table), "columns": table.colnames}
    return None


def received(private_key, sender_id, msg_id, mtype, params, extra):
    try:
        print(json.dumps({"mtype": mtype, "params": params, "read": read(mtype, params)}), flush=True)
        reply = {"samp.status": "samp.ok", "samp.result": {}}
    except Exception as error:
        reply = {"samp.status": "samp.error", "samp.result": {}, "samp.error": {"samp.errortxt": str(error)}}
    # The hub loses an answer that comes before it has begun to wait for it.
    time.sleep(0.3)
    client.reply(msg_id, reply)


for mtype in ("image.load.fits", "table.load.fits", "table.load.votable", "coord.pointAt.sky"):
    client.bind_receive_call(mtype, received)
client.bind_receive_notification("coord.pointAt.sky", lambda key, sender, mtype, params, extra: print(json.dumps({"mtype": mtype, "params": params}), flush=True))
# Takes nothing.
idle = SAMPIntegratedClient(name="Idle", addr="127.0.0.1", callable=False)
idle.connect(hub=hub)
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "allow" in asked:
        user.allows = asked["allow"]
    elif "clients" in asked:
        print(json.dumps({"clients": len(client.get_registered_clients())}), flush=True)
    else:
        page = next(one for one in client.get_registered_clients() if client.get_metadata(one).get("samp.name") == "tslira Studio")
        print(json.dumps({"answer": client.ecall_and_wait(page, asked["send"], "20", **asked["params"])}), flush=True)
idle.disconnect()
client.disconnect()
hub.stop()
