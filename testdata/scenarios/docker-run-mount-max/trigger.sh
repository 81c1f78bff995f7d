docker run --rm --network none small:1 /bin/true
