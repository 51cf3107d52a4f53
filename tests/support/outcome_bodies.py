"""What an outcome is recorded with over REST."""


def outcome_body(item_id: str, **changes: object) -> dict[str, object]:
    return {
        "item_id": item_id,
        "conclusion": "The parties will publish joint guidance.",
        "marking": "TLP:GREEN",
        "action": {
            "text": "Publish joint guidance for operators of water utilities.",
            "guidance": "Build on what both agencies have published.",
            "owners": [
                {"party": "UK", "organisation": "DSIT", "accountable": True},
                {"party": "EU", "organisation": "CNECT", "accountable": True},
                {"party": "UK", "organisation": "NCSC", "accountable": False},
            ],
            "due_date": "2027-06-30",
            "commitment": "C3",
        },
        **changes,
    }
