namespace Graft.Network;

/// <summary>How many things, of how many bytes, may be held at one time: requests in work, frames that aren't whole.</summary>
internal sealed class ByteBudget(int countMax, long bytesMax)
{
    private readonly Lock _gate = new();
    private int _count;
    private long _bytes;

    internal bool TryEnter(int bytes)
    {
        lock (_gate)
        {
            // One always fits, however large: else it would never be served.
            if (_count >= countMax || (_count > 0 && _bytes + bytes > bytesMax))
            {
                return false;
            }

            (_count, _bytes) = (_count + 1, _bytes + bytes);
            return true;
        }
    }

    internal void Leave(int bytes)
    {
        lock (_gate)
        {
            (_count, _bytes) = (_count - 1, _bytes - bytes);
        }
    }
}
