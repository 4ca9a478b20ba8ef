# An exec that takes as long as it is let: it first ends all other threads of its process, and one that somebody traces has ended only
# when that one hears of it.
import ctypes
import os
import sys
import threading
import time

PTRACE_SEIZE, WALL = 0x4206, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
seen, tell = os.pipe()
wait, go = os.pipe()
pid = os.fork()
if pid == 0:

    def rest():
        os.write(tell, str(threading.get_native_id()).encode())
        time.sleep(1000)

    threading.Thread(target=rest, daemon=True).start()
    os.read(wait, 1)
    os.execv("/bin/true", ["true"])

thread = int(os.read(seen, 20))
if libc.ptrace(PTRACE_SEIZE, thread, None, None):
    sys.exit("ptrace: errno %d" % ctypes.get_errno())
os.write(go, b"x")
open("executing", "w").close()
while not os.path.exists("enough"):
    time.sleep(0.01)
os.waitpid(thread, WALL)
print(os.waitpid(pid, 0)[1])
