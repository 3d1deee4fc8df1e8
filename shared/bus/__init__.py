"""The bus between pg-listeners and gateways: the contract, and two implementations of it.

A listener *publishes* a stream that may lose messages and *answers* requests that do not; a gateway receives the
stream of every listener it is connected to and asks what it missed. Because every batch names its place in the
sequence and every listener beats the top of it four times a second, a loss is always noticed by the reader.
"""
