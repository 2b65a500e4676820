"""The main job on an embedded default: real SIP on loopback, robot agents, a report.

Nothing of the product knows that it is in a demo; this room stands outside and uses what a carrier,
an agent with a browser and a manager would use.
"""
