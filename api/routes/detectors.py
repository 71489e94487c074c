"""The catalogue of detectors."""

import asyncio

from fastapi import APIRouter

from analysis.detectors.catalogue import catalogue
from api.auth import Reader
from api.strategy_schemas import CatalogueOut

router = APIRouter(prefix="/v1/detectors", tags=["strategies"])


@router.get("", summary="Detectors that strategies can use")
async def list_detectors(_: Reader) -> CatalogueOut:
    """What there is: what each finds, how it is configured, whether it streams over more rows than memory holds."""
    return CatalogueOut.model_validate(await asyncio.to_thread(catalogue))
