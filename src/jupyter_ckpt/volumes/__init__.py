"""Where is it safe to write?  From the mount table to the best volume, without torch and without Jupyter.

:func:`assess` says what a folder survives and why; :func:`candidates` ranks the volumes of this machine.
"""

from jupyter_ckpt.volumes.assess import assess
from jupyter_ckpt.volumes.assessment import Assessment, Durability
from jupyter_ckpt.volumes.candidates import Candidate, candidates

__all__ = ["Assessment", "Candidate", "Durability", "assess", "candidates"]
