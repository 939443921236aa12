#!/bin/sh
# Leads to the pods of every other host. Each line of the file named by the first argument says RANGE via ADDRESS.
# Routes of this program are known by their protocol number: what is no longer in the file goes, and nobody else's does.
set -eu
routes=$1
family=$2
protocol=120

[ -r "$routes" ]
own=$(ip -oneline address show | tr -s ' ' | cut -d ' ' -f 4 | cut -d / -f 1 | tr '\n' ' ')

# The lines of other hosts.
others() {
    while read -r range via address; do
        case " $own" in
        *" $address "*) ;;
        *) echo "$range $via $address" ;;
        esac
    done < "$routes"
}

# One that this host cannot have keeps none of the others away, and is tried again with the service.
status=0
others | sed "s/.*/route replace & proto $protocol/" | ip "$family" -force -batch - || status=1

# A range that is there once is there, and is not in the file.
{
    others
    others
    ip "$family" route show proto "$protocol"
} | cut -d ' ' -f 1 | sort | uniq -u | sed "s/.*/route del & proto $protocol/" | ip "$family" -force -batch - || status=1
exit $status
