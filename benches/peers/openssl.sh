#!/bin/sh
# Makes COUNT keys with certificates in DIR, one after the other, as the shell scripts of a hand-made cluster do.
# usage: openssl.sh DIR COUNT
set -eu
cd "$1"
if [ ! -f ca.crt ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl req -x509 -new -key ca.key -subj /CN=kubernetes -days 3650 -out ca.crt
fi
n=0
while [ "$n" -lt "$2" ]; do
    n=$((n + 1))
    openssl ecparam -name prime256v1 -genkey -noout -out "$n.key"
    openssl req -new -key "$n.key" -subj "/O=system:nodes/CN=system:node:worker-$n" -out "$n.csr"
    openssl x509 -req -in "$n.csr" -CA ca.crt -CAkey ca.key -days 365 -out "$n.crt" 2>/dev/null
done
