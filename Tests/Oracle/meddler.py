"""Sits between workers and a coordinator, and does what networks, hosts and liars do.

Workers connect to the endpoint that it prints ("meddling at ..."); each gets a connection of its own
to the coordinator. What is done to their answers:

  --duplicate P   an answer is sent a second time, right away or later
  --reorder P     an answer is held back while later messages pass
  --delay S       every answer waits S seconds after the one before it
  --pass N        only the first N answers are passed on, until SIGUSR1
  --pass-each N   only the first N answers of each worker are passed on, until SIGUSR1
  --kill-on N     the worker that is given shard N is killed (kill -9) before it hears of it
  --lie           the first sum is a little off, under a checksum that fits
  --poison        the first sum is NaN, under a checksum that fits
  --cut           the last number of the sums is missing
  --damage        a bit is turned over on the way

Prints "answers N" when the N-th answer has been passed on.
"""

import argparse
import collections
import heapq
import itertools
import os
import random
import signal
import struct
import sys
import time

import zmq

import protocol

options = argparse.ArgumentParser()
options.add_argument("coordinator")
options.add_argument("--seed", type=int, default=1)
options.add_argument("--duplicate", type=float, default=0)
options.add_argument("--reorder", type=float, default=0)
options.add_argument("--delay", type=float, default=0)
options.add_argument("--pass", type=int, dest="passing")
options.add_argument("--pass-each", type=int)
options.add_argument("--kill-on", type=int)
for flag in ("lie", "poison", "cut", "damage"):
    options.add_argument(f"--{flag}", action="store_true")
options = options.parse_args()

chance = random.Random(options.seed)
context = zmq.Context()
workers = context.socket(zmq.ROUTER)
port = workers.bind_to_random_port("tcp://127.0.0.1")
print(f"meddling at tcp://127.0.0.1:{port}", file=sys.stderr, flush=True)

poller = zmq.Poller()
poller.register(workers, zmq.POLLIN)
lines, processes = {}, {}
waiting, order = [], itertools.count()
free_at, answers = 0.0, 0
# What is held back, and how many answers of each worker were not.
held, passed = [], collections.Counter()


def release(*_):
    options.passing = options.pass_each = None


signal.signal(signal.SIGUSR1, release)


def is_held(identity):
    if options.passing is not None and answers >= options.passing:
        return True
    return options.pass_each is not None and passed[identity] >= options.pass_each


def line(identity):
    if identity not in lines:
        lines[identity] = context.socket(zmq.DEALER)
        lines[identity].connect(options.coordinator)
        poller.register(lines[identity], zmq.POLLIN)
    return lines[identity]


def later(seconds, identity, message, counts):
    heapq.heappush(waiting, (time.monotonic() + seconds, next(order), identity, message, counts))


def bent(partial):
    if options.cut:
        return protocol.sealed(partial[:-8])
    if options.damage:
        return partial[:9] + bytes([partial[9] ^ 4]) + partial[10:]
    (first,) = struct.unpack_from("<d", partial, 8)
    first = float("nan") if options.poison else first * (1 + 1e-12) + 1e-300 if options.lie else first
    return protocol.sealed(partial[:8] + struct.pack("<d", first) + partial[16:])


def answer(identity, message):
    global free_at
    if len(message) == 2 and (options.lie or options.poison or options.cut or options.damage):
        message = [message[0], bent(message[1])]
    now = time.monotonic()
    free_at = max(now, free_at) + options.delay
    wait = free_at - now
    if chance.random() < options.reorder:
        wait += chance.uniform(0, 0.3)
    later(wait, identity, message, True)
    if chance.random() < options.duplicate:
        later(wait + chance.choice([0, 0.01, 0.2]), identity, message, False)


while True:
    if held and options.passing is None and options.pass_each is None:
        for late in held:
            heapq.heappush(waiting, late)
        held.clear()
    timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else 0.1
    for socket, _ in poller.poll(timeout * 1000):
        if socket is workers:
            identity, *message = workers.recv_multipart()
            if message[0][0] == protocol.HELLO:
                processes[identity] = protocol.body(message[0])["process"]
            if message[0][0] == protocol.DONE:
                answer(identity, message)
            else:
                line(identity).send_multipart(message)
            continue
        identity = next(i for i, s in lines.items() if s is socket)
        message = socket.recv_multipart()
        given = protocol.body(message[0])["shard"] if message[0][0] == protocol.ASSIGN else None
        if given is not None and given == options.kill_on:
            os.kill(processes[identity], signal.SIGKILL)
            poller.unregister(socket)
            lines.pop(identity).close(linger=0)
            print(f"killed {processes[identity]}", file=sys.stderr, flush=True)
            continue
        workers.send_multipart([identity, *message])
    while waiting and waiting[0][0] <= time.monotonic():
        late = heapq.heappop(waiting)
        _, _, identity, message, counts = late
        if is_held(identity):
            held.append(late)
        elif identity in lines:
            line(identity).send_multipart(message)
            if counts:
                passed[identity] += 1
                answers += 1
                print(f"answers {answers}", file=sys.stderr, flush=True)
