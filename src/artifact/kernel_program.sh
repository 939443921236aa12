#!/bin/sh
# Puts into the kernel what Kubernetes needs there, and keeps it there, whoever takes it away:
#
#   routes FILE FAMILY        to the pods of every other host; each line of the file says RANGE via ADDRESS
#   rules FILE                of nftables, which are those of the table that the file names first
#   settings FILE             each line says NAME = VALUE
#   address ADDRESS [FILE]    on the loopback interface, after the settings that say who answers for it
#   keep ...                  any of these, whenever something has happened that may undo it, and every ten seconds
#
# What is there already is left alone.
set -eu

# Routes of this program are known by their protocol number: what is no longer in the file goes, and nobody else's does.
routes() {
    file=$1 family=$2 protocol=120 status=0
    [ -r "$file" ]
    # This host's addresses and the networks that it is in, its own pods' among them: their line is not for it.
    own=$(
        ip -oneline address show | tr -s ' ' | cut -d ' ' -f 4 | cut -d / -f 1
        ip "$family" route show proto kernel | cut -d ' ' -f 1
    )
    own=" $(echo "$own" | tr '\n' ' ') "
    wanted=$(
        while read -r range via address; do
            case $own in
            *" $address "* | *" $range "*) ;;
            *) echo "$range $via $address" ;;
            esac
        done < "$file" | sort
    )
    present=$(ip "$family" route show proto "$protocol" | cut -d ' ' -f 1-3 | sort)
    # What is wanted once and present never.
    printf '%s\n' "$wanted" "$present" "$present" | sort | uniq -u |
        sed "/./!d; s/.*/route replace & proto $protocol/" | batch || status=1
    # A range that is there once is there, and is not in the file.
    printf '%s\n' "$wanted" "$wanted" "$present" | cut -d ' ' -f 1 | sort | uniq -u |
        sed "/./!d; s/.*/route del & proto $protocol/" | batch || status=1
    return $status
}

# One that this host cannot have keeps none of the others away, and speaks for all of its kind.
batch() {
    said=$(ip "$family" -force -batch - 2>&1) || {
        echo "$said" | head -n 1 >&2
        return 1
    }
}

rules() {
    read -r table < "$1"
    # The name of a table is several words.
    # shellcheck disable=SC2086
    nft list $table 2> /dev/null | grep -q masquerade || nft -f "$1"
}

settings() {
    status=0
    while read -r name _ value; do
        setting=/proc/sys/$(echo "$name" | tr . /)
        if ! { read -r found < "$setting" && [ "$found" = "$value" ]; }; then
            echo "$value" > "$setting" || status=1
        fi
    done < "$1"
    return $status
}

address() {
    [ $# -eq 1 ] || settings "$2"
    [ -n "$(ip -oneline address show dev lo to "$1")" ] || ip address add "$1" dev lo
}

# What tells of changes that may undo something.
events() {
    case $1 in
    routes | address) ip -oneline monitor link address route ;;
    rules) nft monitor destroy tables ;;
    esac
}

# All that has been told until now is taken at once: what is done here is told as well. What fails is tried again.
keep() {
    {
        events "$1" &
        while echo tick; do sleep 10; done
    } | while [ -n "$(dd bs=64k count=1 2> /dev/null)" ]; do
        "$0" "$@" || :
        sleep 0.1
    done
}

"$@"
