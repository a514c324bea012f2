"""Label each creator once: the store's creators in, their labels out, each answer with what it cost.

`night.py` is the job; `planned.py` asks who is due, `at_once.py` labels on this machine, `answers.py` writes what a
model says, `by_batch.py` is the other way to ask one, and `figures.py` says how labels look as a whole.
"""

from jobs.enrich_creators.by_batch import enrich_in_batches as enrich_in_batches
from jobs.enrich_creators.night import enrich_creators as enrich_creators
from jobs.enrich_creators.night import enrich_forecast as enrich_forecast
from jobs.enrich_creators.night import enrich_plan as enrich_plan
from jobs.enrich_creators.planned import PROMPT as PROMPT
