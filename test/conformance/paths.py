"""From target to file: decoding, dots, links, and everything in the root that is not a file.

RFC 3986 §2, §5.2.4, §6; RFC 9110 §17.3.
"""

from __future__ import annotations

from urllib.parse import quote_from_bytes

from .case import Level, Then, content_has, content_is, content_lacks, get, head, request, served
from .content import HELLO, ODD_NAMES, SECRET

OK = content_is(HELLO)
SHOULD, OURS = Level.SHOULD, Level.OURS
NOT_OUTSIDE = content_lacks(SECRET.strip(), b"root:x:0", b"root:*:0")
NOWHERE = (400, 403, 404)

DOTS = [  # inside the root: the file is served, or nothing
    ("one_dot", "/./hello.txt"), ("dots_within", "/sub/../hello.txt"), ("dots_twice", "/sub/deep/../../hello.txt"),
    ("dot_at_depth", "/sub/./../hello.txt"),
    ("encoded_dot", "/%2e/hello.txt"), ("encoded_dots", "/sub/%2e%2e/hello.txt"),
    ("half_encoded_dots", "/sub/.%2e/hello.txt"), ("other_half_encoded_dots", "/sub/%2E./hello.txt"),
    ("missing_folder_and_dots", "/missing/../hello.txt"),
]

CLIMBING = [
    ("plain", "/../outside/secret.txt"), ("twice", "/../../outside/secret.txt"),
    ("after_folder", "/sub/../../outside/secret.txt"), ("to_etc", "/" + "../" * 20 + "etc/passwd"),
    ("encoded_dots", "/%2e%2e/outside/secret.txt"), ("half_encoded", "/.%2e/outside/secret.txt"),
    ("encoded_slash", "/..%2foutside/secret.txt"), ("encoded_both", "/%2e%2e%2foutside%2fsecret.txt"),
    ("encoded_many", "/" + "%2e%2e%2f" * 12 + "etc/passwd"), ("double_encoded", "/%252e%252e/outside/secret.txt"),
    ("double_encoded_slash", "/..%252foutside/secret.txt"), ("triple_encoded", "/%25252e%25252e/outside/secret.txt"),
    ("backslash", "/..\\outside\\secret.txt"), ("encoded_backslash", "/..%5coutside%5csecret.txt"),
    ("mixed_slashes", "/..\\../outside/secret.txt"), ("overlong_slash", "/..%c0%afoutside/secret.txt"),
    ("overlong_dots", "/%c0%ae%c0%ae/outside/secret.txt"), ("overlong_three_octets",
                                                            "/%e0%80%ae%e0%80%ae/outside/secret.txt"),
    ("overlong_four_octets", "/%f0%80%80%ae%f0%80%80%ae/outside/secret.txt"),
    ("full_width_dots", "/%ef%bc%8e%ef%bc%8e/outside/secret.txt"),
    ("full_width_slash", "/..%ef%bc%8foutside/secret.txt"), ("percent_u", "/%u002e%u002e/outside/secret.txt"),
    ("nul_behind", "/../outside/secret.txt%00.html"),
    ("semicolon", "/..;/outside/secret.txt"), ("dots_with_parameter", "/..;a=b/outside/secret.txt"),
    ("four_dots", "/....//outside/secret.txt"), ("three_dots", "/.../outside/secret.txt"),
    ("dots_with_space", "/..%20/outside/secret.txt"),
    ("double_slash", "//../outside/secret.txt"), ("double_slash_dots", "/sub//../../outside/secret.txt"),
    ("slash_run", "/sub////../../../outside/secret.txt"), ("absolute_path", "//etc/passwd"),
    ("absolute_encoded", "/%2fetc%2fpasswd"),
    ("absolute_form", "http://localhost/../outside/secret.txt"),
    ("absolute_form_encoded", "http://localhost/%2e%2e/outside/secret.txt"),
    ("behind_link", "/links/sub/../../outside/secret.txt"), ("dots_at_end", "/.."), ("dots_at_end_slash", "/../"),
    ("only_dots_encoded", "/%2e%2e"), ("file_then_dots", "/hello.txt/../../outside/secret.txt"),
    ("query_is_no_path", "/?../outside/secret.txt"), ("drive", "/c:/../outside/secret.txt"),
    ("tab", "/..%09/outside/secret.txt"),
    ("carriage_return", "/..%0d/outside/secret.txt"), ("nul_between_dots", "/.%00./outside/secret.txt"),
    ("proc", "//proc/self/environ"), ("proc_root", "/..//proc/self/root/etc/passwd"),
]

ESCAPES_BAD = [("one_digit", "/hello%2"), ("no_digit", "/hello%"), ("letters", "/hello%zz.txt"),
               ("second_letter", "/hello%2g.txt"), ("percent_percent", "/%%35hello.txt"), ("at_end", "/hello.txt%"),
               ("percent_u", "/%u0068ello.txt"), ("space", "/%+2ehello.txt"), ("signed", "/%-1")]

DECODED = [  # name, target, statuses: no octet is decoded twice
    ("percent_41_literal", "/odd/%2541.txt", (200,)), ("percent_41_is_a", "/%41.txt", (200,)),
    ("double_encoded_name", "/%2568ello.txt", (404,)), ("double_encoded_slash", "/sub%252ffile.txt", (404,)),
    ("literal_percent_folder", "/trick/%252e%252e/hello.txt", (200,)),
    ("plus_is_no_space", "/odd/with+space.txt", (404,)), ("plus_is_plus", "/odd/a+b.txt", (200,)),
    ("encoded_plus", "/odd/a%2bb.txt", (200,)),
    ("encoded_question", "/odd/question%3F.txt", (200,)), ("encoded_hash", "/odd/hash%23.txt", (200,)),
    ("two_dots_in_name", "/dotted..name.txt", (200,)), ("semicolon_is_no_parameter", "/hello.txt;x=y", (404,)),
    ("trailing_dot", "/hello.txt.", (404,)), ("trailing_encoded_space", "/hello.txt%20", (404,)),
    ("stream_name", "/hello.txt::$DATA", (404,)), ("short_name", "/HELLO~1.TXT", (404,)),
]

LINKS = [  # name, target, statuses, level
    ("inside", "/links/inside.txt", (200,)), ("chain", "/links/chain.txt", (200,)),
    ("folder_inside", "/links/sub/file.txt", (200,)), ("folder_inside_listed", "/links/sub/", (200,)),
    ("absolute_inside", "/links/absolute-inside.txt", (200, 403, 404)),
    ("out_and_back", "/links/out-and-back.txt", (200, 403, 404)),
    ("up_stays_inside", "/links/up/hello.txt", (200, 403, 404)),
    ("hidden_by_link", "/links/hidden-by-link.txt", (200, 403, 404)),
]
LINKS_OUT = [("file", "/links/out.txt"), ("file_absolute", "/links/out-absolute.txt"),
             ("folder", "/links/out/secret.txt"), ("folder_listed", "/links/out/"),
             ("folder_without_slash", "/links/out"), ("passwd", "/links/passwd"), ("top", "/links/top/etc/passwd"),
             ("top_listed", "/links/top/"), ("proc_self", "/links/self/environ"),
             ("proc_self_root", "/links/self/root/etc/passwd"), ("proc_self_cwd", "/links/self/cwd/"),
             ("proc_environ", "/links/environ"), ("proc_descriptor", "/links/descriptor"),
             ("device", "/links/zero"), ("loop", "/links/loop-a"), ("loop_folder", "/links/loop-a/x"),
             ("self_loop", "/links/self-loop"), ("dangling", "/links/dangling")]

SPECIAL = [("fifo", "/special/fifo"), ("fifo_txt", "/special/fifo.txt"), ("socket", "/special/socket"),
           ("null", "/special/null"), ("zero", "/special/zero"), ("block", "/special/block"),
           ("fifo_with_slash", "/special/fifo/")]

HIDDEN = [("file", "/.hidden"), ("folder_file", "/.git/config"), ("folder", "/.git/"),
          ("folder_without_slash", "/.git"), ("in_folder", "/sub/.hidden"), ("encoded", "/%2ehidden"),
          ("encoded_folder", "/%2Egit/config"), ("two_dots", "/..double"),
          ("by_dots", "/sub/../.hidden"), ("double_slash", "//.git/config"), ("dot_slash", "/./.git/config")]


def named(name: bytes) -> str:
    return "/odd/" + quote_from_bytes(name, safe="")


CASES = [
    *[served(f"path_{name}", "3986 §5.2.4", get(target), OK, level=OURS if "missing" in name else SHOULD) for name,
      target in DOTS],
    *[served(f"path_climbing_{name}", "9110 §17.3", get(target), NOT_OUTSIDE,
             statuses=(200, 301, 302, 307, 308, *NOWHERE) if name in ("dots_at_end", "dots_at_end_slash",
                                                                      "only_dots_encoded", "query_is_no_path") else
             (301, 302, 307, 308, *NOWHERE), then=Then.EITHER) for name, target in CLIMBING],
    *[served(f"path_climbing_head_{name}", "9110 §17.3", head(target), statuses=(301, 302, 307, 308, *NOWHERE),
             method="HEAD", then=Then.EITHER) for name, target in CLIMBING[:6]],
    served("path_climbing_options", "9110 §17.3", request("OPTIONS", "/../outside/secret.txt"),
           statuses=(200, 204, *NOWHERE, 405), then=Then.EITHER),
    *[served(f"path_bad_escape_{name}", "3986 §2.1", get(target), content_lacks(HELLO), statuses=(400, 404),
             then=Then.EITHER, level=SHOULD) for name, target in ESCAPES_BAD],
    *[served(f"path_nul_{name}", "9110 §17.3", get(target), content_lacks(HELLO), statuses=(400, 404), then=Then.EITHER)
      for name, target in (("within", "/hel%00lo.txt"), ("behind", "/hello.txt%00"),
                           ("before_extension", "/hello.txt%00.png"), ("first", "/%00/hello.txt"),
                           ("in_folder", "/sub%00/file.txt"), ("double_encoded", "/hello.txt%2500"))],
    *[served(f"path_decoded_{name}", "9110 §4.2.3", get(target), statuses=statuses, level=SHOULD) for name, target,
      statuses in DECODED],
    served("path_encoded_slash", "3986 §2.2", get("/sub%2ffile.txt"), statuses=(200, 400, 404), then=Then.EITHER,
           level=SHOULD),
    served("path_encoded_backslash", "3986 §2.2", get("/odd/back%5Cslash.txt"), statuses=(200, 400, 404),
           then=Then.EITHER, level=SHOULD),
    served("path_backslash_is_no_slash", "3986 §3.3", get("/sub\\file.txt"), content_lacks(b"file in sub"),
           statuses=(400, 404), then=Then.EITHER, level=SHOULD),
    served("path_encoded_backslash_is_no_slash", "3986 §3.3", get("/sub%5cfile.txt"), content_lacks(b"file in sub"),
           statuses=(400, 404), then=Then.EITHER, level=SHOULD),
    *[served(f"path_overlong_{name}", "3629 §3", get(target), content_lacks(HELLO), statuses=(400, 404),
             then=Then.EITHER, level=SHOULD)
      for name, target in (("h", "/%c1%a8ello.txt"), ("dot", "/hello%c0%aetxt"), ("slash", "/sub%c0%affile.txt"),
                           ("lone_continuation", "/%80hello.txt"), ("surrogate", "/%ed%a0%80hello.txt"))],
    *[served(f"path_link_{name}", "9110 §17.3", get(target), NOT_OUTSIDE, statuses=statuses, level=SHOULD) for name,
      target, statuses in LINKS],
    *[served(f"path_link_out_{name}", "9110 §17.3", get(target), NOT_OUTSIDE, content_lacks(b"PATH="), statuses=NOWHERE,
             level=OURS) for name, target in LINKS_OUT],
    *[served(f"path_link_out_head_{name}", "9110 §17.3", head(target), statuses=NOWHERE, method="HEAD", level=OURS)
      for name, target in LINKS_OUT[:4]],
    *[served(f"path_special_{name}", "9110 §17.3", get(target), statuses=NOWHERE, level=SHOULD) for name,
      target in SPECIAL],
    *[served(f"path_special_head_{name}", "9110 §17.3", head(target), statuses=NOWHERE, method="HEAD", level=SHOULD)
      for name, target in SPECIAL[:4]],
    *[served(f"path_hidden_{name}", "9110 §17", get(target), content_lacks(b"hidden"), statuses=(404, 400)
             if "slash" in name or "dots" in name else (404,), level=OURS, then=Then.EITHER) for name,
      target in HIDDEN],
    served("path_not_hidden_by_folder_name", "9110 §15.3.1", get("/sub/file.txt"), content_is(b"file in sub\n")),
    *[served(f"path_odd_name_{number}", "3986 §2.1", get(named(name)), content_is(b"content of " + name),
             statuses=(200, 400, 404) if b"\\" in name or name in (b"...",) else (200,), level=SHOULD) for number,
      name in enumerate(ODD_NAMES) if b"\\" not in name and not name.startswith(b".")],
    served("path_deep", "9110 §4.1", get("/" + "/".join(["d" * 20] * 40) + "/bottom.txt"), content_is(b"bottom\n")),
    served("path_double_slash_within", "3986 §3.3", get("/sub//file.txt"), statuses=(200, 301, 308, 404), level=SHOULD),
    served("path_many_slashes", "3986 §3.3", get("/" * 100 + "hello.txt"), statuses=(200, 301, 308, 400, 404),
           then=Then.EITHER, level=SHOULD),
    served("path_many_dot_segments", "3986 §5.2.4", get("/./" * 500 + "hello.txt"), statuses=(200, 301, 308, 404),
           level=SHOULD),
    served("path_many_folders_and_back", "3986 §5.2.4", get("/" + "a/" * 400 + "../" * 400 + "hello.txt"),
           statuses=(200, 404), level=SHOULD),
    served("path_one_too_many_back", "9110 §17.3", get("/" + "a/" * 400 + "../" * 402 + "outside/secret.txt"),
           NOT_OUTSIDE, statuses=NOWHERE, then=Then.EITHER),
    served("path_encoded_letters_of_folder", "9110 §4.2.3", get("/%73%75%62/%66ile.txt"), content_is(b"file in sub\n")),
    served("path_unreserved_encoded", "9110 §4.2.3", get("/odd/%7Etilde"), content_is(b"content of ~tilde")),
    served("path_unreserved_plain", "9110 §4.2.3", get("/odd/~tilde"), content_is(b"content of ~tilde")),
    served("path_sub_delims_plain", "3986 §3.3", get("/odd/semi;colon.txt"), content_is(b"content of semi;colon.txt")),
    served("path_colon_plain", "3986 §3.3", get("/odd/colon:name.txt"), content_is(b"content of colon:name.txt")),
    served("path_missing", "9110 §15.5.5", get("/missing"), statuses=(404,)),
    served("path_missing_in_missing", "9110 §15.5.5", get("/missing/missing/missing"), statuses=(404,)),
    served("path_missing_folder", "9110 §15.5.5", get("/missing/"), statuses=(404,)),
    served("path_folder_then_dots_lists", "3986 §5.2.4", get("/sub/.."), statuses=(200, 301, 308), level=SHOULD),
    served("path_links_are_listed_or_not", "9110 §15.3.1", get("/links/"), content_has(b"inside.txt"), NOT_OUTSIDE,
           level=OURS),
]
