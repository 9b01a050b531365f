"""What the service does; every function works in the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chat.models import ChatSession, Message, MessageRole, User, WorkflowState, WorkflowStatus
from chat.texts import escape_like, title_from


async def register_user(db: AsyncSession, *, email: str, display_name: str) -> User:
    user = User(email=email.strip().lower(), display_name=display_name)
    db.add(user)
    await db.flush()
    return user


async def open_session(db: AsyncSession, *, user: User, first_message: str) -> ChatSession:
    """Start a session with its first message, and queue the workflow that answers it."""
    session = ChatSession(user_id=user.id, title=title_from(first_message))
    db.add(session)
    await db.flush()
    await post_message(db, session_id=session.id, role=MessageRole.USER, content=first_message)
    db.add(WorkflowState(session_id=session.id, name="answer"))
    await db.flush()
    return session


async def post_message(
    db: AsyncSession,
    *,
    session_id: uuid.UUID,
    role: MessageRole,
    content: str,
    reply_to_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> Message:
    message = Message(session_id=session_id, role=role, content=content, reply_to_id=reply_to_id, payload=payload)
    db.add(message)
    await db.flush()
    return message


async def open_sessions(db: AsyncSession, user_id: int, *, limit: int = 20) -> Sequence[ChatSession]:
    """The user's sessions that are not archived, the latest first."""
    query = (
        select(ChatSession)
        .where(ChatSession.user_id == user_id, ChatSession.archived_at.is_(None))
        .order_by(ChatSession.updated_at.desc())
        .limit(limit)
    )
    return (await db.scalars(query)).all()


async def history(db: AsyncSession, session_id: uuid.UUID, *, after_id: int = 0, limit: int = 50) -> Sequence[Message]:
    """A page of a session's messages, oldest first."""
    query = (
        select(Message).where(Message.session_id == session_id, Message.id > after_id).order_by(Message.id).limit(limit)
    )
    return (await db.scalars(query)).all()


async def search(db: AsyncSession, phrase: str, *, limit: int = 20) -> Sequence[Message]:
    """Messages that contain the phrase, in any case."""
    query = select(Message).where(Message.content.ilike(f"%{escape_like(phrase)}%", escape="\\")).limit(limit)
    return (await db.scalars(query)).all()


async def archive(db: AsyncSession, session: ChatSession) -> None:
    session.archived_at = datetime.now(timezone.utc)
    await db.flush()


async def claim_workflow(db: AsyncSession) -> WorkflowState | None:
    """Take the most urgent queued workflow; workers do not wait for one another."""
    query = (
        select(WorkflowState)
        .where(WorkflowState.status == WorkflowStatus.QUEUED)
        .order_by(WorkflowState.priority.desc(), WorkflowState.queued_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    workflow = (await db.scalars(query)).one_or_none()
    if workflow is not None:
        workflow.status = WorkflowStatus.RUNNING
        await db.flush()
    return workflow


async def finish_workflow(db: AsyncSession, workflow: WorkflowState, *, succeeded: bool) -> None:
    workflow.status = WorkflowStatus.SUCCEEDED if succeeded else WorkflowStatus.FAILED
    workflow.finished_at = datetime.now(timezone.utc)
    await db.flush()
