"""The age at which a fork leaves its parent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("parent_age_sp", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("job", "parent_age_sp")
