namespace Graft.Simulation.Disks;

/// <summary>The bytes of a file in pages that clones share until one of them writes.</summary>
/// <remarks>
/// Sharing is what makes a fork, a crash and the memory of old content cheap: each costs the table of pages, not the
/// bytes. A page that isn't there is zeros, so a preallocated megabyte costs nothing either. Bytes may lie beyond
/// <see cref="Length"/>, where a crash kept a write but not the length it needs; <see cref="CutToLength"/> removes them.
/// </remarks>
internal sealed class FileImage
{
    private const int PageBytes = 4096;

    private byte[]?[] _pages = [];
    private bool[] _isOwned = [];

    internal long Length { get; private set; }

    /// <summary>What occupies space: ranges that were written. The rest of the length is a hole.</summary>
    internal RangeSet Written { get; private init; } = new();

    internal FileImage Clone()
    {
        Array.Clear(_isOwned);
        return new FileImage
        {
            _pages = (byte[]?[])_pages.Clone(),
            _isOwned = new bool[_pages.Length],
            Length = Length,
            Written = Written.Clone(),
        };
    }

    /// <summary>Copies out bytes at any position; where nothing is, zeros.</summary>
    internal void CopyTo(Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            (long page, long within) = Math.DivRem(offset, PageBytes);
            int count = (int)Math.Min(buffer.Length, PageBytes - within);
            if (page < _pages.Length && _pages[page] is { } bytes)
            {
                bytes.AsSpan((int)within, count).CopyTo(buffer);
            }
            else
            {
                buffer[..count].Clear();
            }

            buffer = buffer[count..];
            offset += count;
        }
    }

    /// <summary>Puts bytes in their place and leaves the length as it is.</summary>
    internal void Put(ReadOnlySpan<byte> data, long offset)
    {
        Written.Add(offset, offset + data.Length);
        while (data.Length > 0)
        {
            (long page, long within) = Math.DivRem(offset, PageBytes);
            int count = (int)Math.Min(data.Length, PageBytes - within);

            // Zeros where no page is are there already: segments are zeroed by the megabyte.
            if ((page < _pages.Length && _pages[page] is not null) || data[..count].ContainsAnyExcept((byte)0))
            {
                data[..count].CopyTo(Own((int)page).AsSpan((int)within));
            }

            data = data[count..];
            offset += count;
        }
    }

    /// <summary>Sets the length; a shorter one forgets the bytes behind it, so that they are zeros if it grows again.</summary>
    internal void SetLength(long length)
    {
        if (length < Length)
        {
            ClearFrom(length);
        }

        Length = length;
    }

    internal void CutToLength() => ClearFrom(Length);

    private void ClearFrom(long position)
    {
        Written.Remove(position, long.MaxValue);
        (long page, long within) = Math.DivRem(position, PageBytes);
        if (within > 0)
        {
            if (page < _pages.Length && _pages[page] is not null)
            {
                Own((int)page).AsSpan((int)within).Clear();
            }

            page++;
        }

        for (long i = page; i < _pages.Length; i++)
        {
            _pages[i] = null;
            _isOwned[i] = false;
        }
    }

    private byte[] Own(int page)
    {
        if (page >= _pages.Length)
        {
            int capacity = Math.Max(page + 1, _pages.Length * 2);
            Array.Resize(ref _pages, capacity);
            Array.Resize(ref _isOwned, capacity);
        }

        if (!_isOwned[page])
        {
            byte[] own = new byte[PageBytes];
            _pages[page]?.CopyTo(own, 0);
            _pages[page] = own;
            _isOwned[page] = true;
        }

        return _pages[page]!;
    }
}
