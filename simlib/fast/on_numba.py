"""How numba sees a World: one address, behind which the addresses of the tables lie.

Passing some thirty arrays to every function would cost more than most of them do. Kernels read `world.frames` all
the same: here it becomes an array made from an address, without reference counts. Imported only to compile.
"""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaAttributeError
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.numpy_support import from_dtype

from simlib.fast.world import TABLES

_NAMES = list(TABLES)
_ENDLESS = 1 << 40


class Addresses:
    """Stands for a World when compiled kernels are called. base: address of an int64 array, a table's address each."""

    __slots__ = ("base",)

    def __init__(self, base: int):
        self.base = base


class WorldType(types.Type):
    def __init__(self):
        super().__init__(name="World")


WORLD = WorldType()


@typeof_impl.register(Addresses)
def _typeof(_value, _context):
    return WORLD


@register_model(WorldType)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        from llvmlite import ir

        super().__init__(manager, kind, ir.IntType(64))


@unbox(WorldType)
def _unbox(kind, thing, context):
    base = context.pyapi.object_getattr_string(thing, "base")
    number = context.unbox(types.int64, base)
    context.pyapi.decref(base)
    return NativeValue(number.value, is_error=number.is_error)


def _array_type(name):
    return types.Array(from_dtype(TABLES[name]), 1, "C", aligned=True)


@infer_getattr
class _Attributes(AttributeTemplate):
    key = WorldType

    def generic_resolve(self, world, name):
        if name not in TABLES:
            raise NumbaAttributeError(f"A World has no table {name!r}.")
        return _array_type(name)


@lower_getattr_generic(WorldType)
def _table(context, builder, _kind, value, name):
    from llvmlite import ir

    kind = _array_type(name)
    word = ir.IntType(64)
    where = builder.inttoptr(builder.add(value, word(8 * _NAMES.index(name))), word.as_pointer())
    address = builder.load(where)
    address.set_metadata("invariant.load", builder.module.add_metadata([]))
    array = context.make_array(kind)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    item = TABLES[name].itemsize
    data = builder.inttoptr(address, context.get_data_type(kind.dtype).as_pointer()
                            if not isinstance(kind.dtype, types.Record) else array.data.type)
    context.populate_array(array, data=data, shape=cgutils.pack_array(builder, [word(_ENDLESS)]),
                           strides=cgutils.pack_array(builder, [word(item)]), itemsize=word(item),
                           meminfo=None)
    return array._getvalue()
