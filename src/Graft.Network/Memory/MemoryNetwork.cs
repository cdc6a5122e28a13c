namespace Graft.Network;

/// <summary>Connections inside of one process: pipes on the ambient scheduling context, without sockets, threads or time.</summary>
/// <remarks>
/// For tests, of embedders too. Hosts are names: <see cref="At"/> gives the network as one host sees it, and pairs of hosts can be cut from
/// each other, healed, and have their connections reset. From any thread.
/// </remarks>
public sealed class MemoryNetwork
{
    private const int FirstChosenPort = 49_152;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MemoryListener> _listeners = new(StringComparer.Ordinal);
    private readonly List<MemoryPair> _pairs = [];
    private readonly HashSet<(string, string)> _cuts = [];
    private int _lastPort = FirstChosenPort - 1;

    /// <summary>Connections that neither side has ended.</summary>
    public int OpenConnections
    {
        get
        {
            lock (_gate)
            {
                return _pairs.Count;
            }
        }
    }

    /// <summary>The network as a host sees it: it listens under its name, and connects from there.</summary>
    /// <param name="host">The host's name; any text. It needn't be known before.</param>
    public INetwork At(string host) => new MemoryHost(this, host);

    /// <summary>Lets nothing through between two hosts, either way: what is sent waits, and attempts to connect wait too, as with a lost cable.</summary>
    public void Cut(string a, string b)
    {
        lock (_gate)
        {
            _cuts.Add(KeyOf(a, b));
            foreach (MemoryPair pair in PairsBetween_NeedsLock(a, b))
            {
                pair.Cut();
            }
        }
    }

    /// <summary>Undoes <see cref="Cut"/>; what has waited goes on its way.</summary>
    public void Heal(string a, string b)
    {
        MemoryPair[] healed;
        lock (_gate)
        {
            _cuts.Remove(KeyOf(a, b));
            healed = PairsBetween_NeedsLock(a, b);
        }

        foreach (MemoryPair pair in healed)
        {
            pair.Heal();
        }
    }

    /// <summary>Resets the connections between two hosts: both sides lose them at once, with what was under way.</summary>
    public void Reset(string a, string b)
    {
        MemoryPair[] reset;
        lock (_gate)
        {
            reset = PairsBetween_NeedsLock(a, b);
        }

        foreach (MemoryPair pair in reset)
        {
            pair.Reset();
        }
    }

    internal async ValueTask<IConnection> ConnectAsync(string from, NodeAddress address, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        MemoryPair pair;
        lock (_gate)
        {
            if (!_listeners.TryGetValue(address.ToString(), out MemoryListener? listener) && !IsCut_NeedsLock(from, address.Host))
            {
                throw new IOException($"Nobody listens on {address}.");
            }

            pair = new MemoryPair(this, from, address);
            _pairs.Add(pair);
            if (IsCut_NeedsLock(from, address.Host))
            {
                pair.Cut();
            }
            else
            {
                listener!.Offer(pair.Accepted);
                return pair.Dialed;
            }
        }

        // Nobody answers until the hosts see each other again.
        using (cancellation.UnsafeRegister(static state => ((MemoryPair)state!).Reset(), pair))
        {
            await pair.Dialed.Open;
        }

        pair.Reset();
        return await ConnectAsync(from, address, cancellation);
    }

    internal MemoryListener Listen(string host, NodeAddress address)
    {
        lock (_gate)
        {
            int port = address.Port == 0 ? ++_lastPort : address.Port;
            var listener = new MemoryListener(this, new NodeAddress(address.Host.Length == 0 ? host : address.Host, port));
            return _listeners.TryAdd(listener.Address.ToString(), listener)
                ? listener
                : throw new IOException($"{listener.Address} is in use.");
        }
    }

    internal void Remove(MemoryListener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener.Address.ToString());
        }
    }

    internal void Remove(MemoryPair pair)
    {
        lock (_gate)
        {
            _pairs.Remove(pair);
        }
    }

    private static (string, string) KeyOf(string a, string b) => string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);

    private bool IsCut_NeedsLock(string a, string b) => _cuts.Contains(KeyOf(a, b));

    private MemoryPair[] PairsBetween_NeedsLock(string a, string b) => [.. _pairs.Where(pair => KeyOf(pair.From, pair.Address.Host) == KeyOf(a, b))];
}
