namespace Graft.Network;

/// <summary>How many requests, of how many bytes, may be in work at one time.</summary>
internal sealed class CallBudget(int callsMax, long bytesMax)
{
    private readonly Lock _gate = new();
    private int _calls;
    private long _bytes;

    internal bool TryEnter(int bytes)
    {
        lock (_gate)
        {
            // One request always fits, however large: else it would never be served.
            if (_calls >= callsMax || (_calls > 0 && _bytes + bytes > bytesMax))
            {
                return false;
            }

            (_calls, _bytes) = (_calls + 1, _bytes + bytes);
            return true;
        }
    }

    internal void Leave(int bytes)
    {
        lock (_gate)
        {
            (_calls, _bytes) = (_calls - 1, _bytes - bytes);
        }
    }
}
