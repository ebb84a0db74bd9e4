"""What this machine has: memory that a container may use."""

from course_utils import machine


def test_the_file_cache_of_a_container_is_free_memory(tmp_path, monkeypatch):
    contents = {
        "memory.max": "1000000\n",
        "memory.current": "900000\n",
        "memory.stat": "anon 200000\nactive_file 300000\ninactive_file 400000\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(machine, "GROUP", tmp_path)
    assert machine.free_memory() == 500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.free_memory() > 500_000
