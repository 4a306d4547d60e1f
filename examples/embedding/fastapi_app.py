"""A FastAPI application that starts the engine in its lifespan: `uvicorn fastapi_app:app` in this folder."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from blinker import Signal
from fastapi import FastAPI
from reviews import ReviewIntegration

from reconciler import IntegrationManager

published = Signal("review published")


def create_app(directory: Path, state_dir: Path) -> FastAPI:
    """Return the application; `directory` holds the configurations."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ReviewIntegration.signal = published
        manager = IntegrationManager(directory, state_dir=state_dir)
        manager.register_integration_class(ReviewIntegration)
        async with manager:
            app.state.manager = manager
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/reviews/{review}/publish", status_code=202)
    async def publish(review: str) -> dict[str, str]:
        published.send(app, review=review)
        return {"status": "published"}

    @app.get("/integrations")
    async def integrations() -> list[str]:
        return [integration.integration_id for integration in app.state.manager.get_integrations()]

    return app


logging.basicConfig(level=logging.INFO)  # the story of the engine, and what the integration says
app = create_app(Path(__file__).parent / "configs", Path(".reconcile-fastapi"))
