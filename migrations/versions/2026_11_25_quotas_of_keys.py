"""What a key may use at most."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("quotas", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("api_key", "quotas")
