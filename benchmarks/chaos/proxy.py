"""A TCP proxy that misbehaves when told to: it resets connections, or swallows everything and says nothing."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from benchmarks.chaos.servers import free_port

READ_BYTES = 65536


class Proxy:
    """Stands before a port of loopback, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self._listener = asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    def sever(self) -> None:
        """Reset every connection that is open now."""
        asyncio.run_coroutine_threadsafe(self._reset(), self._loop).result()

    def swallow(self) -> None:
        """Become a black hole: connections stay open, new ones are taken, and nothing comes through."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def heal(self) -> None:
        """Let new connections through again; those that hung in the hole are reset."""
        if not self._flows.is_set():
            self.sever()
        self._loop.call_soon_threadsafe(self._flows.set)

    def close(self) -> None:
        """End it and all its connections."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._open |= both
        ways = [self._carry(reader, far_writer), self._carry(far_reader, writer)]
        await asyncio.gather(*ways, return_exceptions=True)
        self._open -= both

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way, until its source ends; nothing moves while the hole is open."""
        with suppress(ConnectionError):
            while data := await reader.read(READ_BYTES):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _end(self) -> None:
        self._listener.close()
        await self._reset()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _reset(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
