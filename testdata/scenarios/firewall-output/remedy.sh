nft flush chain ip host output
