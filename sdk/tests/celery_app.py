"""An application for a worker of its own processes; its broker is a folder."""

import os
from pathlib import Path

from celery import Celery

import atalaia
import atalaia.celery

folder = Path(os.environ["BROKER_FOLDER"])
for name in ("in", "done", "control"):
    (folder / name).mkdir(exist_ok=True)
app = Celery("shop", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": str(folder / "in"),
    "data_folder_out": str(folder / "in"),
    "processed_folder": str(folder / "done"),
    "control_folder": str(folder / "control"),
}
app.conf.worker_max_tasks_per_child = 2
atalaia.init(flush_interval=60)  # so long that only the end of a process sends
atalaia.celery.install()


@app.task(name="score")
def score(number: int) -> None:
    atalaia.prediction("m", number)
