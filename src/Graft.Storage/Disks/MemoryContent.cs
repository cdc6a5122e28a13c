namespace Graft.Storage;

/// <summary>The bytes of one file of a <see cref="MemoryDisk"/>, in pages; a page never written is zeros and takes no room.</summary>
/// <remarks>Invariant: every byte at or behind <see cref="Length"/> in a page is zero, so that lengthening shows zeros.</remarks>
internal sealed class MemoryContent
{
    private const int PageBytes = 4096;

    private readonly Lock _lock = new();
    private readonly List<byte[]?> _pages = [];
    private long _length;

    public long Length
    {
        get
        {
            lock (_lock)
            {
                return _length;
            }
        }
    }

    public int Read(Span<byte> buffer, long offset)
    {
        lock (_lock)
        {
            int count = (int)Math.Clamp(_length - offset, 0, buffer.Length);
            for (int done = 0; done < count;)
            {
                (int page, int within) = Place(offset + done);
                int part = Math.Min(count - done, PageBytes - within);
                Span<byte> target = buffer.Slice(done, part);
                if (page < _pages.Count && _pages[page] is { } bytes)
                {
                    bytes.AsSpan(within, part).CopyTo(target);
                }
                else
                {
                    target.Clear();
                }

                done += part;
            }

            return count;
        }
    }

    public void Write(ReadOnlySpan<byte> data, long offset)
    {
        lock (_lock)
        {
            for (int done = 0; done < data.Length;)
            {
                (int page, int within) = Place(offset + done);
                int part = Math.Min(data.Length - done, PageBytes - within);
                while (_pages.Count <= page)
                {
                    _pages.Add(null);
                }

                byte[] bytes = _pages[page] ??= new byte[PageBytes];
                data.Slice(done, part).CopyTo(bytes.AsSpan(within));
                done += part;
            }

            // Nothing written is nothing lengthened, as in a file.
            _length = data.Length == 0 ? _length : Math.Max(_length, offset + data.Length);
        }
    }

    public void SetLength(long length)
    {
        lock (_lock)
        {
            if (length < _length)
            {
                (int page, int within) = Place(length);
                if (page < _pages.Count)
                {
                    _pages[page]?.AsSpan(within).Clear();
                    _pages.RemoveRange(page + 1, _pages.Count - page - 1);
                }
            }

            _length = length;
        }
    }

    private static (int Page, int Within) Place(long offset) => ((int)(offset / PageBytes), (int)(offset % PageBytes));
}
