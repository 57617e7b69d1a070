# SPDX-License-Identifier: Apache-2.0
"""llama-server, as xllamacpp has it: llama_server.py MODEL PORT."""

import sys
import time

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.port = int(sys.argv[2])
parameters.n_ctx, parameters.n_parallel = 8192, 4
parameters.cpuparams.n_threads = 1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
time.sleep(1e6)
