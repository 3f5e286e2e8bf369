"""Admission: plugins that change or reject an object before it is stored. `plugins/order.py` lists them all in their order."""
