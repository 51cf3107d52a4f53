"""What is told of a marking is what its originator wrote."""

from services.kernel.markings.banner import parse
from services.threatfeed.events import encode_marking


def test_equal_markings_are_told_with_the_banner_that_each_was_received_with() -> None:
    banners = ["TLP:GREEN//UK OFFICIAL REL EU", "UK OFFICIAL REL EU//TLP:GREEN"]
    assert parse(banners[0]) == parse(banners[1])
    assert [encode_marking(parse(banner)).original_text for banner in banners] == banners
